#include "daemons/mqtt-bridge/connection/mosquitto-connection.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>
#include <mutex>
#include <random>
#include <thread>

namespace upstart::mqtt_bridge {

namespace {

using namespace std::chrono_literals;

constexpr int qos = 1;
constexpr int keepalive = 60;                  // seconds
constexpr std::chrono::seconds misc_every{20}; // so that a silent broker is found within the keepalive and a half
constexpr std::chrono::seconds connect_limit{20};
constexpr std::chrono::seconds proved_after{10};

class Properties {
public:
  Properties() = default;
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;
  ~Properties() { mosquitto_property_free_all(&list_); }
  void add(int identifier, std::uint32_t value) { mosquitto_property_add_int32(&list_, identifier, value); }
  void add_short(int identifier, std::uint16_t value) { mosquitto_property_add_int16(&list_, identifier, value); }
  void add(int identifier, const std::string& value) {
    mosquitto_property_add_string(&list_, identifier, value.c_str());
  }
  void add_bytes(int identifier, const std::string& value) {
    mosquitto_property_add_binary(&list_, identifier, value.data(), static_cast<std::uint16_t>(value.size()));
  }
  [[nodiscard]] const mosquitto_property* get() const { return list_; }
  mosquitto_property* release() { return std::exchange(list_, nullptr); }

private:
  mosquitto_property* list_ = nullptr;
};

// The library is made ready once, and cleaned up by the end of the process.
void prepare_library() {
  static const int prepared = mosquitto_lib_init();
  (void)prepared;
}

std::string in_words(int reason) {
  if (reason == MQTT_RC_NOT_AUTHORIZED) return "refused by the broker's access list";
  return std::format("refused by the broker: {}", mosquitto_reason_string(reason));
}

bool is_refusal(int reason) { return reason >= MQTT_RC_UNSPECIFIED; }

std::string text_property(const mosquitto_property* properties, int identifier) {
  char* value = nullptr;
  if (mosquitto_property_read_string(properties, identifier, &value, false) == nullptr) return {};
  std::string text{value};
  std::free(value); // NOLINT: the library's own malloc
  return text;
}

std::string bytes_property(const mosquitto_property* properties, int identifier) {
  void* value = nullptr;
  std::uint16_t size = 0;
  if (mosquitto_property_read_binary(properties, identifier, &value, &size, false) == nullptr) return {};
  std::string bytes{static_cast<const char*>(value), size};
  std::free(value); // NOLINT: the library's own malloc
  return bytes;
}

// A mass of nodes that have lost the broker together do not come back together.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause) {
  static std::minstd_rand generator{std::random_device{}()};
  return pause / 2 + std::chrono::milliseconds{std::uniform_int_distribution<long>{0, pause.count()}(generator)};
}

} // namespace

// Owned by the connection and, until the TCP connection is there, by a thread: the thread alone uses the library's
// object then. Whichever ends last destroys it.
class MosquittoConnection::Attempt : public std::enable_shared_from_this<Attempt> {
public:
  explicit Attempt(MosquittoConnection& owner) : owner_{&owner}, wake_{new uv_async_t{}} {
    prepare_library();
    client_ = mosquitto_new(owner.settings_.client_id.c_str(), false, this);
    if (client_ == nullptr) throw std::bad_alloc{};
    uv_async_init(owner.loop_.raw(), wake_.get(), [](uv_async_t* async) {
      if (async->data != nullptr) static_cast<Attempt*>(async->data)->owner_->attempted();
    });
    wake_->data = this;
    configure(owner.settings_);
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  ~Attempt() { mosquitto_destroy(client_); }

  void run_in_thread(const BrokerSettings& settings) {
    std::thread{[self = shared_from_this(), host = settings.host, port = settings.port,
                 expiry = static_cast<std::uint32_t>(settings.session_expiry.count())] {
      self->connect(host, port, expiry);
    }}.detach();
  }
  // Of no use to the owner any more; the thread may still have it.
  void abandon() {
    std::lock_guard lock{mutex_};
    wake_.reset();
    owner_ = nullptr;
  }

  [[nodiscard]] mosquitto* client() const { return client_; }
  // Of the connecting, once the owner was told.
  [[nodiscard]] std::string failure() const {
    if (result_ == MOSQ_ERR_SUCCESS) return {};
    return in_words(result_);
  }
  // The library's error, with what it has said to its log.
  [[nodiscard]] std::string in_words(int error) const {
    if (error == MOSQ_ERR_EAI) return "its name cannot be resolved";
    auto text = error == MOSQ_ERR_ERRNO ? std::string{std::strerror(errno_)} : std::string{mosquitto_strerror(error)};
    if (!said_.empty()) text += ": " + said_;
    return text;
  }
  [[nodiscard]] int result() const { return result_; }
  // To be called with the outcome of each call of the library, at once: for its failure in words.
  int noting_errno(int error) {
    if (error == MOSQ_ERR_ERRNO) errno_ = errno;
    return error;
  }

private:
  void configure(const BrokerSettings& settings);
  void set_callbacks();

  void connect(const std::string& host, std::uint16_t port, std::uint32_t expiry) {
    Properties properties;
    properties.add(MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry);
    properties.add_short(MQTT_PROP_RECEIVE_MAXIMUM, most_unacknowledged);
    properties.add(MQTT_PROP_MAXIMUM_PACKET_SIZE, most_message_bytes);
    if (result_ == MOSQ_ERR_SUCCESS)
      result_ = mosquitto_connect_bind_v5(client_, host.c_str(), port, keepalive, nullptr, properties.get());
    errno_ = errno;
    std::lock_guard lock{mutex_};
    if (wake_) uv_async_send(wake_.get());
  }

  static Attempt& of(void* object) { return *static_cast<Attempt*>(object); }

  std::mutex mutex_;
  MosquittoConnection* owner_;
  base::detail::HandlePointer<uv_async_t> wake_;
  mosquitto* client_;
  int result_ = MOSQ_ERR_SUCCESS;
  int errno_ = 0;
  std::string said_; // the last error in the library's log
};

void MosquittoConnection::Attempt::configure(const BrokerSettings& settings) {
  auto path = [](const std::string& file) { return file.empty() ? nullptr : file.c_str(); };
  auto note = [this](int result, const std::string& what) {
    if (result == MOSQ_ERR_SUCCESS || result_ != MOSQ_ERR_SUCCESS) return;
    result_ = result;
    said_ = what;
  };
  mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
  // The library then writes when it is told to, and never from within its calls: an acknowledgement leaves after the
  // message was written down.
  mosquitto_threaded_set(client_, true);
  note(mosquitto_tls_set(client_, path(settings.ca), settings.ca.empty() ? "/etc/ssl/certs" : nullptr,
                         path(settings.certificate), path(settings.key), [](char*, int, int, void*) { return 0; }),
       std::format("ca, certificate or key in fleet.conf cannot be read ({} {} {})", settings.ca, settings.certificate,
                   settings.key));
  constexpr int verify_peer = 1;
  note(mosquitto_tls_opts_set(client_, verify_peer, "tlsv1.2", nullptr), "TLS 1.2");
  if (!settings.username.empty())
    mosquitto_username_pw_set(client_, settings.username.c_str(),
                              settings.password.empty() ? nullptr : settings.password.c_str());
  const auto& will = settings.will;
  Properties properties;
  properties.add(MQTT_PROP_WILL_DELAY_INTERVAL, static_cast<std::uint32_t>(settings.will_delay.count()));
  if (!will.topic.empty())
    note(mosquitto_will_set_v5(client_, will.topic.c_str(), static_cast<int>(will.payload.size()), will.payload.data(),
                               qos, true, properties.release()),
         "will");
  set_callbacks();
}

void MosquittoConnection::Attempt::set_callbacks() {
  mosquitto_log_callback_set(client_, [](mosquitto*, void* object, int level, const char* text) {
    if ((level & (MOSQ_LOG_ERR | MOSQ_LOG_WARNING)) != 0) of(object).said_ = text;
  });
  mosquitto_connect_v5_callback_set(client_,
                                    [](mosquitto*, void* object, int reason, int flags, const mosquitto_property*) {
                                      if (auto* owner = of(object).owner_)
                                        owner->on_connected(reason, (flags & 1) != 0);
                                    });
  mosquitto_disconnect_v5_callback_set(client_, [](mosquitto*, void* object, int reason, const mosquitto_property*) {
    if (auto* owner = of(object).owner_) owner->on_disconnected(reason);
  });
  mosquitto_publish_v5_callback_set(
      client_, [](mosquitto*, void* object, int ticket, int reason, const mosquitto_property*) {
        if (auto* owner = of(object).owner_)
          owner->events_.published(ticket, is_refusal(reason) ? mqtt_bridge::in_words(reason) : "");
      });
  mosquitto_subscribe_v5_callback_set(
      client_, [](mosquitto*, void* object, int ticket, int count, const int* granted, const mosquitto_property*) {
        int reason = count > 0 ? granted[0] : 0; // NOLINT: as many as `count`
        if (auto* owner = of(object).owner_)
          owner->events_.subscribed(ticket, is_refusal(reason) ? mqtt_bridge::in_words(reason) : "");
      });
  mosquitto_unsubscribe_v5_callback_set(client_, [](mosquitto*, void* object, int ticket, const mosquitto_property*) {
    if (auto* owner = of(object).owner_) owner->events_.unsubscribed(ticket);
  });
  mosquitto_message_v5_callback_set(
      client_, [](mosquitto*, void* object, const mosquitto_message* message, const mosquitto_property* properties) {
        auto* owner = of(object).owner_;
        if (owner == nullptr) return;
        owner->has_received_ = true;
        owner->events_.message({.topic = message->topic,
                                .payload = std::string{static_cast<const char*>(message->payload),
                                                       static_cast<std::size_t>(message->payloadlen)},
                                .retained = message->retain,
                                .response_topic = text_property(properties, MQTT_PROP_RESPONSE_TOPIC),
                                .correlation = bytes_property(properties, MQTT_PROP_CORRELATION_DATA)});
      });
}

MosquittoConnection::MosquittoConnection(base::EventLoop& loop, BrokerSettings settings, Events events)
    : loop_{loop},
      settings_{std::move(settings)},
      events_{std::move(events)},
      pause_{{100ms, 10s}},
      retry_{loop, [this] { begin(); }},
      misc_{loop, [this] { misc(); }},
      connect_limit_{loop, [this] { lost(MOSQ_ERR_CONN_LOST); }} {
  loop_.defer([this, alive = alive_] {
    if (*alive) begin();
  });
}

// The will tells the others, unless this node is back before: so a bridge that is started anew goes unnoticed.
MosquittoConnection::~MosquittoConnection() {
  *alive_ = false;
  if (!attempt_) return;
  watcher_.reset();
  if (connected_) {
    mosquitto_disconnect_v5(attempt_->client(), MQTT_RC_DISCONNECT_WITH_WILL_MSG, nullptr);
    mosquitto_loop_write(attempt_->client(), 1);
  }
  attempt_->abandon();
}

void MosquittoConnection::begin() {
  refusal_ = 0;
  attempt_ = std::make_shared<Attempt>(*this);
  attempt_->run_in_thread(settings_);
}

void MosquittoConnection::attempted() {
  if (attempt_->result() != MOSQ_ERR_SUCCESS) {
    auto why = attempt_->failure();
    attempt_->abandon();
    attempt_.reset();
    return try_later(why);
  }
  watcher_ = std::make_unique<base::FdWatcher>(loop_, mosquitto_socket(attempt_->client()),
                                               [this](unsigned events) { happened(events); });
  connect_limit_.start(connect_limit);
  watch();
}

void MosquittoConnection::watch() {
  if (!watcher_) return;
  bool reads = !reading_paused_ || !connected_;
  watcher_->watch((reads ? base::FdWatcher::readable : 0U) |
                  (mosquitto_want_write(attempt_->client()) ? base::FdWatcher::writable : 0U));
}

void MosquittoConnection::happened(unsigned events) {
  auto* client = attempt_->client();
  if ((events & ~static_cast<unsigned>(base::FdWatcher::writable)) != 0) {
    constexpr int packets = 100;
    int error = attempt_->noting_errno(mosquitto_loop_read(client, packets));
    bool written = events_.batch_over() || !has_received_;
    has_received_ = false;
    if (error != MOSQ_ERR_SUCCESS || refusal_ != 0) return lost(error);
    if (!written) return end("what it sends cannot be written to the disk");
  }
  write();
}

void MosquittoConnection::write() {
  if (!watcher_) return;
  auto* client = attempt_->client();
  if (mosquitto_want_write(client)) {
    // All that is queued leaves in one call; the library would make each further one, with its locks, for nothing.
    constexpr int times = 1;
    int error = attempt_->noting_errno(mosquitto_loop_write(client, times));
    if (error != MOSQ_ERR_SUCCESS) return lost(error);
  }
  watch();
}

void MosquittoConnection::write_later() {
  if (std::exchange(write_is_due_, true)) return;
  loop_.defer([this, alive = alive_] {
    if (!*alive) return;
    write_is_due_ = false;
    write();
  });
}

void MosquittoConnection::misc() {
  if (!watcher_) return;
  int error = attempt_->noting_errno(mosquitto_loop_misc(attempt_->client()));
  if (error != MOSQ_ERR_SUCCESS) return lost(error);
  write();
}

void MosquittoConnection::on_connected(int reason, bool session_present) {
  if (reason != 0) {
    refusal_ = reason;
    return;
  }
  connected_ = true;
  connected_since_ = std::chrono::steady_clock::now();
  connect_limit_.stop();
  misc_.start_repeating(misc_every);
  events_.connected(session_present);
}

void MosquittoConnection::on_disconnected(int reason) {
  if (is_refusal(reason)) refusal_ = reason;
}

void MosquittoConnection::lost(int error) {
  if (!attempt_) return;
  auto why = refusal_ == MQTT_RC_SESSION_TAKEN_OVER ? "another client has connected as this node"
             : refusal_ != 0                        ? mqtt_bridge::in_words(refusal_)
                                                    : attempt_->in_words(error == 0 ? MOSQ_ERR_CONN_LOST : error);
  end(why);
}

void MosquittoConnection::end(const std::string& why) {
  watcher_.reset();
  misc_.stop();
  connect_limit_.stop();
  attempt_->abandon();
  attempt_.reset();
  if (std::exchange(connected_, false) && std::chrono::steady_clock::now() - connected_since_ >= proved_after)
    pause_.reset();
  try_later(why);
}

void MosquittoConnection::try_later(const std::string& why) {
  retry_.start(with_jitter(pause_.next()));
  events_.lost(why);
}

void MosquittoConnection::connect_now() {
  if (retry_.active()) retry_.start(0ms);
}

void MosquittoConnection::pause_reading(bool paused) {
  if (std::exchange(reading_paused_, paused) != paused) watch();
}

std::expected<MqttConnection::Ticket, std::string> MosquittoConnection::publish(const Publication& publication) {
  Properties properties;
  if (!publication.response_topic.empty()) properties.add(MQTT_PROP_RESPONSE_TOPIC, publication.response_topic);
  if (!publication.correlation.empty()) properties.add_bytes(MQTT_PROP_CORRELATION_DATA, publication.correlation);
  if (publication.expiry != 0) properties.add(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, publication.expiry);
  int ticket = 0;
  int error = mosquitto_publish_v5(attempt_->client(), &ticket, publication.topic.c_str(),
                                   static_cast<int>(publication.payload.size()), publication.payload.data(), qos,
                                   publication.retain, properties.get());
  if (error != MOSQ_ERR_SUCCESS && error != MOSQ_ERR_NO_CONN)
    return std::unexpected(std::format("the broker cannot be given it: {}", mosquitto_strerror(error)));
  write_later();
  return ticket;
}

std::expected<MqttConnection::Ticket, std::string> MosquittoConnection::subscribe(const std::string& filter,
                                                                                  Retained retained) {
  int options = MQTT_SUB_OPT_RETAIN_AS_PUBLISHED;
  if (retained == Retained::for_new_sessions) options |= MQTT_SUB_OPT_SEND_RETAIN_NEW;
  if (retained == Retained::never) options |= MQTT_SUB_OPT_SEND_RETAIN_NEVER;
  int ticket = 0;
  int error = mosquitto_subscribe_v5(attempt_->client(), &ticket, filter.c_str(), qos, options, nullptr);
  if (error != MOSQ_ERR_SUCCESS) return std::unexpected(std::string{mosquitto_strerror(error)});
  write_later();
  return ticket;
}

std::expected<MqttConnection::Ticket, std::string> MosquittoConnection::unsubscribe(const std::string& filter) {
  int ticket = 0;
  int error = mosquitto_unsubscribe(attempt_->client(), &ticket, filter.c_str());
  if (error != MOSQ_ERR_SUCCESS) return std::unexpected(std::string{mosquitto_strerror(error)});
  write_later();
  return ticket;
}

} // namespace upstart::mqtt_bridge
