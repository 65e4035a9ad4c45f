// The bridge's own D-Bus object, at its own path: on the bridge's own socket for each client that connects, and on the
// bus, under the bridge's own name, when there is one. Read-only, for everyone.
#pragma once

#include "daemons/base/peer.hpp"
#include "daemons/base/reconnecting-connection.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace upstart::bridge {

// The object on one connection: derive from it, and from the adaptor of the bridge's interface.
class ExportedObject {
public:
  ExportedObject() = default;
  ExportedObject(const ExportedObject&) = delete;
  ExportedObject& operator=(const ExportedObject&) = delete;
  virtual ~ExportedObject() = default;
};

class PublicObject {
public:
  using Make = std::function<std::unique_ptr<ExportedObject>(sdbus::IConnection&, const sdbus::ObjectPath&)>;

  // Owns the listening socket. `daemon` is the name of the bridge, which gives its name on the bus (waited for while
  // somebody else has it) and the path.
  PublicObject(base::EventLoop& loop, base::FileDescriptor listening, const std::string& daemon);
  PublicObject(const PublicObject&) = delete;
  PublicObject& operator=(const PublicObject&) = delete;
  ~PublicObject();

  // An interface that is served from now on, beside others; to be called before the loop runs. `make` must be callable
  // as long as this lives.
  void serve(Make make) { makes_.push_back(std::move(make)); }

  // Joins the bus at this D-Bus address, and again whenever it comes back.
  void join_bus(const std::string& address) { bus_.connect_to(address); }
  [[nodiscard]] bool has_bus() const { return !bus_.address().empty(); }
  // Tries now to connect to the bus, if it is not connected.
  void rejoin_bus() { bus_.connect_now(); }

  // Sends a signal on every connection: `send` calls an `emit…` of the object of this class, which a `make` makes.
  // A client that has just hung up is skipped.
  template <typename Object, typename Send> void for_each(Send&& send) {
    for (auto& client : clients_) send_on<Object>(client.objects, send);
    send_on<Object>(on_bus_, send);
  }

private:
  using Objects = std::vector<std::unique_ptr<ExportedObject>>; // one for each interface
  struct Client {
    std::unique_ptr<base::BusConnection> connection;
    Objects objects;
  };

  template <typename Object, typename Send> void send_on(Objects& objects, Send& send) {
    for (auto& one : objects)
      if (auto* object = dynamic_cast<Object*>(one.get()))
        if (auto problem = base::send_if_connected([&] { send(*object); })) not_sent(*problem);
  }
  [[nodiscard]] Objects objects_on(sdbus::IConnection& connection) const;
  static void not_sent(const std::string& why);
  void add_client(std::unique_ptr<base::BusConnection> connection);
  void name_answered(base::ReconnectingConnection::NameOutcome outcome, const std::string& why) const;

  std::string bus_name_;
  sdbus::ObjectPath path_;
  std::vector<Make> makes_;
  base::ReconnectingConnection bus_;
  Objects on_bus_;
  std::list<Client> clients_;
  base::PeerServer server_;
};

} // namespace upstart::bridge
