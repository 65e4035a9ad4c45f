// Does what a plain request asks for, where all goes well.
#pragma once

#include "clients/front/peer.hpp"
#include "clients/front/request.hpp"

namespace upstart::client::front {

// What is to be printed (nothing with `quiet`). Nothing: it did not go well, or it is not known how it went; with the
// same token the command can be given again. `token` names the command among all of this user's.
[[nodiscard]] std::optional<std::string> execute(const Request& request, const std::string& token, Peer& peer);

} // namespace upstart::client::front
