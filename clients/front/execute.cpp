#include "clients/front/execute.hpp"

#include "clients/base/status.hpp"
#include "protocol/names.hpp"

namespace upstart::client::front {

namespace {

namespace interface_name = protocol::interface_name;

// One value of the properties of an instance; what is not known here is ignored.
void read_property(Reader& reader, InstanceStatus& status) {
  auto name = reader.text();
  auto signature = reader.signature();
  if (signature == "s" && name == "name") {
    status.instance = reader.text();
  } else if (signature == "s" && name == "goal") {
    status.goal = reader.text();
  } else if (signature == "s" && name == "state") {
    status.state = reader.text();
  } else if (signature == "a(si)" && name == "processes") {
    for (auto end = reader.array_end(8); reader.position() < end;) {
      reader.align(8);
      auto process = reader.text();
      status.processes.push_back({process, static_cast<std::int32_t>(reader.number())});
    }
  } else {
    reader.skip(signature);
  }
}

// From the answer to GetAll.
std::optional<InstanceStatus> status_from(const std::string& job, const std::string& body) {
  InstanceStatus status{.job = job, .goal = "", .state = ""};
  Reader reader{body};
  for (auto end = reader.array_end(8); reader.position() < end;) {
    reader.align(8);
    read_property(reader, status);
  }
  if (!reader.is_sound() || !status.instance || status.goal.empty() || status.state.empty()) return std::nullopt;
  return status;
}

Call properties_of(std::string path) {
  return {.path = std::move(path),
          .interface = "org.freedesktop.DBus.Properties",
          .method = "GetAll",
          .arguments = Arguments{}.text(interface_name::instance)};
}

std::optional<InstanceStatus> status_in(const std::string& job, const std::optional<Reply>& reply) {
  if (!reply) return std::nullopt;
  if (reply->error_name.empty()) return status_from(job, reply->body);
  // No such instance: the job is stopped.
  return reply->error_name == protocol::error_name::unknown_method ? std::optional{InstanceStatus{.job = job}}
                                                                   : std::nullopt;
}

std::optional<InstanceStatus> status_at(Peer& peer, const std::string& job, const std::string& path) {
  return status_in(job, peer.answer(peer.ask(properties_of(path))));
}

std::optional<std::string> path_in(const std::optional<Reply>& reply) {
  if (!reply || !reply->error_name.empty()) return std::nullopt;
  Reader reader{reply->body};
  auto path = reader.text();
  return reader.is_sound() && path.starts_with('/') ? std::optional{path} : std::nullopt;
}

Call command(const char* method, const Request& request, const std::string& token) {
  return {.path = protocol::path::job_supervisor,
          .interface = interface_name::job_supervisor,
          .method = method,
          .arguments = Arguments{}.text(token).texts({request.name}).texts(request.environment).flag(request.wait)};
}

using Status = std::optional<InstanceStatus>;

// Asks, together with a call that is answered by an instance's path, for the status of the likely one.
Status ask_both(const Request& request, const Call& call, Peer& peer) {
  auto likely = protocol::instance_path(request.name, "");
  auto asked = peer.ask(call);
  auto looked = peer.ask(properties_of(likely));
  auto reply = peer.answer(asked);
  if (request.command == Request::Command::status && reply && request.environment.empty() &&
      reply->error_name == protocol::error_name::unknown_instance)
    return InstanceStatus{.job = request.name}; // a class without an instance
  auto path = path_in(reply);
  if (!path) return std::nullopt;
  auto seen = status_in(request.name, peer.answer(looked));
  return *path == likely && seen ? seen : status_at(peer, request.name, *path);
}

Status start(const Request& request, const std::string& token, Peer& peer) {
  auto call = command("StartJob", request, token);
  if (!request.wait) return ask_both(request, call, peer);
  auto path = path_in(peer.answer(peer.ask(call)));
  return path ? status_at(peer, request.name, *path) : std::nullopt;
}

// A job whose processes have got their signal has most often gone a moment later: it is asked a few times more, so that
// a stop that was not waited for shows what it led to.
Status stop(const Request& request, const std::string& token, Peer& peer) {
  constexpr int more_looks = 20;
  auto path = path_in(peer.answer(peer.ask(command("StopJob", request, token))));
  if (!path) return std::nullopt;
  auto status = status_at(peer, request.name, *path);
  for (int i = 0; i < more_looks && status && status->goal == "stop" && status->state == "killed"; ++i)
    status = status_at(peer, request.name, *path);
  return status;
}

Status look(const Request& request, Peer& peer) {
  return ask_both(request,
                  {.path = protocol::job_path(request.name),
                   .interface = interface_name::job,
                   .method = "GetInstance",
                   .arguments = Arguments{}.texts(request.environment)},
                  peer);
}

bool emit(const Request& request, const std::string& token, Peer& peer) {
  auto reply = peer.answer(peer.ask(
      {.path = protocol::path::job_supervisor,
       .interface = interface_name::job_supervisor,
       .method = "EmitEvent",
       .arguments = Arguments{}.text(token).text(request.name).texts(request.environment).flag(request.wait)}));
  return reply && reply->error_name.empty();
}

} // namespace

std::optional<std::string> execute(const Request& request, const std::string& token, Peer& peer) {
  Status seen;
  switch (request.command) {
    using enum Request::Command;
  case start: seen = front::start(request, token, peer); break;
  case stop: seen = front::stop(request, token, peer); break;
  case status: seen = look(request, peer); break;
  case emit: return front::emit(request, token, peer) ? std::optional{std::string{}} : std::nullopt;
  }
  if (!seen) return std::nullopt;
  return request.quiet ? std::string{} : to_text(*seen);
}

} // namespace upstart::client::front
