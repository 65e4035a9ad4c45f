// The D-Bus surface of a daemon that runs. The input says which methods are called, with which arguments, and what
// bytes are sent that are no message; after each input the daemon must answer a call, in ten seconds.
//
// Environment: UPSTART_FUZZ_ADDRESS, where it listens; UPSTART_FUZZ_DAEMON, its process id; UPSTART_FUZZ_COVERAGE, its
// file of shared-counters.cpp; UPSTART_FUZZ_INTERFACES, the files of the interfaces that it serves, with ":" between
// them, each as PATH=FILE of the object that has it.
#include <systemd/sd-bus.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr std::size_t places = std::size_t{1} << 16U;
[[gnu::section("__libfuzzer_extra_counters"), gnu::used]] std::array<std::uint8_t, places> counters{};

// They end the daemon, or its session, as they should.
const std::set<std::string> not_called{"Restart", "EndSession", "JoinBus", "NotifyDBusAddress"};

struct Method {
  std::string path, interface, name, signature;
};

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct DropMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, DropMessage>;

[[noreturn]] void broken(const std::string& promise) {
  std::fprintf(stderr, "broken: %s\n", promise.c_str());
  std::abort();
}

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) broken(std::string{name} + " is not set");
  return value;
}

class Bytes {
public:
  Bytes(const std::uint8_t* data, std::size_t size) : at_{data}, left_{size} {}
  [[nodiscard]] bool empty() const { return left_ == 0; }
  std::uint64_t number(std::size_t size = 1) {
    std::uint64_t value = 0;
    for (; size > 0 && left_ > 0; --size, --left_) value = value << 8U | *at_++;
    return value;
  }
  std::string text(std::size_t most) {
    auto size = std::min(most, left_);
    std::string taken(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    left_ -= size;
    return taken;
  }

private:
  const std::uint8_t* at_;
  std::size_t left_;
};

// A daemon that runs, and the connection to it.
class Target {
public:
  Target() {
    std::stringstream files{setting("UPSTART_FUZZ_INTERFACES")};
    for (std::string each; std::getline(files, each, ':');) read_interface(each);
    int file = ::open(setting("UPSTART_FUZZ_COVERAGE"), O_RDWR | O_CLOEXEC);
    void* shared = file < 0 ? MAP_FAILED : ::mmap(nullptr, places, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) broken("the counters of the daemon can be mapped");
    covered_ = static_cast<std::uint8_t*>(shared);
  }

  void run(Bytes bytes) {
    connect();
    std::memset(covered_, 0, places);
    while (!bytes.empty()) {
      auto what = bytes.number();
      if (what >= 0xF0) send_raw(bytes.text(bytes.number()));
      else call(methods_[what % methods_.size()], bytes);
    }
    require_answer();
    std::memcpy(counters.data(), covered_, places);
  }

private:
  void read_interface(const std::string& path_and_file) {
    auto equals = path_and_file.find('=');
    std::ifstream stream{path_and_file.substr(equals + 1)};
    std::string text{std::istreambuf_iterator<char>{stream}, {}};
    std::smatch found;
    if (!std::regex_search(text, found, std::regex{"<interface name=\"([^\"]*)\""})) broken("an interface has a name");
    std::string interface = found[1];
    for (std::size_t at = 0; (at = text.find("<method name=\"", at)) != std::string::npos;) {
      auto end = text.find("</method>", at);
      auto head_end = text.find('>', at);
      if (text[head_end - 1] == '/') end = head_end;
      add_method(path_and_file.substr(0, equals), interface, text.substr(at, end - at));
      at = end;
    }
  }
  void add_method(const std::string& path, const std::string& interface, const std::string& text) {
    Method method{.path = path, .interface = interface, .name = {}, .signature = {}};
    auto name = text.find('"') + 1;
    method.name = text.substr(name, text.find('"', name) - name);
    static const std::regex argument{"<arg [^>]*>"}, type{"type=\"([^\"]*)\""};
    for (auto arg = std::sregex_iterator{text.begin(), text.end(), argument}; arg != std::sregex_iterator{}; ++arg) {
      std::string words = arg->str();
      std::smatch found;
      if (words.contains("direction=\"in\"") && std::regex_search(words, found, type)) method.signature += found[1];
    }
    if (!not_called.contains(method.name)) methods_.push_back(method);
  }

  void connect() {
    if (bus_ && sd_bus_is_open(bus_.get()) > 0) return;
    bus_.reset();
    sd_bus* made = nullptr;
    if (sd_bus_new(&made) < 0 || sd_bus_set_address(made, setting("UPSTART_FUZZ_ADDRESS")) < 0)
      broken("the address is one");
    bus_.reset(made);
    if (sd_bus_negotiate_fds(made, 1) < 0 || sd_bus_start(made) < 0) broken("the daemon takes a connection");
  }

  void call(const Method& method, Bytes& bytes) {
    sd_bus_message* made = nullptr;
    auto path = object_path(method.path, bytes);
    if (sd_bus_message_new_method_call(bus_.get(), &made, nullptr, path.c_str(), method.interface.c_str(),
                                       method.name.c_str()) < 0)
      return;
    Message message{made};
    // One in eight has other arguments than it should.
    auto odd = bytes.number();
    static const std::array<const char*, 6> others{"", "s", "as", "v", "a{sv}", "(uh)"};
    append(made, odd % 8 == 0 ? others[odd / 8 % others.size()] : method.signature, bytes, 0);
    sd_bus_send(bus_.get(), made, nullptr);
    while (sd_bus_process(bus_.get(), nullptr) > 0) {}
  }

  static std::string object_path(const std::string& path, Bytes& bytes) {
    static const std::array<const char*, 5> jobs{"svc", "tsk", "inst", "none", "_2f"};
    auto star = path.find('*');
    if (star == std::string::npos) return path;
    return path.substr(0, star) + jobs[bytes.number() % jobs.size()] + path.substr(star + 1);
  }

  // Arguments of a signature, from the input. What the library refuses to write is left out: the message is then
  // another one.
  static void append(sd_bus_message* message, std::string_view signature, Bytes& bytes, int depth) {
    while (!signature.empty()) {
      auto one = complete_type(signature);
      append_one(message, signature.substr(0, one), bytes, depth);
      signature.remove_prefix(one);
    }
  }
  static void append_one(sd_bus_message* message, std::string_view type, Bytes& bytes, int depth) {
    switch (type.front()) {
    case 's':
    case 'g':
    case 'o': return append_text(message, type.front(), bytes);
    case 'h': {
      int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      sd_bus_message_append_basic(message, 'h', &file);
      ::close(file);
      return;
    }
    case 'v': {
      static const std::array<const char*, 5> types{"s", "u", "as", "b", "(su)"};
      std::string inner = types[bytes.number() % types.size()];
      if (depth > 4 || sd_bus_message_open_container(message, 'v', inner.c_str()) < 0) return;
      append(message, inner, bytes, depth + 1);
      break;
    }
    case 'a': {
      std::string inner{type.substr(1)};
      if (sd_bus_message_open_container(message, 'a', inner.c_str()) < 0) return;
      for (auto i = bytes.number() % 5; i > 0; --i) append(message, inner, bytes, depth + 1);
      break;
    }
    case '(':
    case '{': {
      std::string inner{type.substr(1, type.size() - 2)};
      if (sd_bus_message_open_container(message, type.front() == '(' ? 'r' : 'e', inner.c_str()) < 0) return;
      append(message, inner, bytes, depth + 1);
      break;
    }
    default: {
      std::uint64_t value = type.front() == 'b' ? bytes.number() % 2 : bytes.number(bytes.number() % 2 == 0 ? 1 : 8);
      int truth = static_cast<int>(value);
      sd_bus_message_append_basic(message, type.front(), type.front() == 'b' ? static_cast<void*>(&truth) : &value);
      return;
    }
    }
    sd_bus_message_close_container(message);
  }
  static void append_text(sd_bus_message* message, char type, Bytes& bytes) {
    static const std::array<const char*, 14> words{"svc",
                                                   "tsk",
                                                   "inst",
                                                   "N=1",
                                                   "go",
                                                   "startup",
                                                   "JOB=svc",
                                                   "KEY=",
                                                   "=",
                                                   "",
                                                   "/com/ubuntu/Upstart/jobs/svc",
                                                   "a*",
                                                   "started",
                                                   "job-supervisor"};
    auto which = bytes.number();
    std::string text = which < 128 ? words[which % words.size()] : bytes.text(bytes.number() % 64);
    if (which == 255) text.assign(std::size_t{1} << (bytes.number() % 18), 'x');
    for (char& byte : text)
      if (byte == '\0') byte = '_';
    if (sd_bus_message_append_basic(message, type, text.c_str()) < 0)
      sd_bus_message_append_basic(message, type, type == 'o' ? "/" : type == 'g' ? "s" : "?");
  }
  static std::size_t complete_type(std::string_view signature) {
    if (signature.front() == 'a') return 1 + complete_type(signature.substr(1));
    if (signature.front() != '(' && signature.front() != '{') return 1;
    std::size_t at = 0;
    int open = 0;
    do {
      if (signature[at] == '(' || signature[at] == '{') ++open;
      if (signature[at] == ')' || signature[at] == '}') --open;
      ++at;
    } while (open > 0);
    return at;
  }

  // On a connection of its own, behind a greeting.
  static void send_raw(const std::string& bytes) {
    int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    std::string address = setting("UPSTART_FUZZ_ADDRESS");
    auto equals = address.find('=');
    bool abstract = address.substr(0, equals).ends_with("abstract");
    address.copy(name.sun_path + (abstract ? 1 : 0), sizeof name.sun_path - 1, equals + 1);
    auto size = offsetof(sockaddr_un, sun_path) + address.size() - equals - 1 + (abstract ? 1 : 0);
    if (::connect(connection, reinterpret_cast<sockaddr*>(&name), static_cast<socklen_t>(size)) == 0) {
      std::string uid = std::to_string(::getuid()), hex;
      for (char digit : uid) hex += std::string{"3"} + digit;
      std::string all = std::string(1, '\0') + "AUTH EXTERNAL " + hex + "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n" + bytes;
      (void)!::send(connection, all.data(), all.size(), MSG_NOSIGNAL);
    }
    ::close(connection);
  }

  // A client that sends nonsense may be hung up on: then a new connection must be answered.
  void require_answer() {
    for (int attempt = 0; attempt < 2; ++attempt) {
      connect();
      sd_bus_message* made = nullptr;
      if (sd_bus_message_new_method_call(bus_.get(), &made, nullptr, "/", "org.freedesktop.DBus.Peer", "Ping") < 0) {
        bus_.reset();
        continue;
      }
      Message ping{made};
      sd_bus_error error = SD_BUS_ERROR_NULL;
      int result = sd_bus_call(bus_.get(), made, 10'000'000, &error, nullptr);
      sd_bus_error_free(&error);
      if (result >= 0) return;
      if (::kill(std::atoi(setting("UPSTART_FUZZ_DAEMON")), 0) != 0) broken("the daemon lives");
      if (result == -ETIMEDOUT) broken("the daemon answers in ten seconds");
      bus_.reset();
    }
    broken("the daemon answers on a new connection");
  }

  std::vector<Method> methods_;
  std::uint8_t* covered_ = nullptr;
  std::unique_ptr<sd_bus, CloseBus> bus_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Target target;
  target.run({data, size});
  return 0;
}
