#include "daemons/job-supervisor/process/spawn/accounts.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <grp.h>
#include <pwd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

// Lines of a file through a buffer on the stack; what is too long for it is cut off.
class Lines {
public:
  explicit Lines(const char* path) : file_{::open(path, O_RDONLY | O_CLOEXEC)} {}

  std::optional<std::string_view> next() {
    while (true) {
      std::string_view rest{buffer_.data() + start_, end_ - start_};
      if (std::size_t newline = rest.find('\n'); newline != rest.npos) {
        start_ += newline + 1;
        return rest.substr(0, newline);
      }
      if (!fill()) return last_line();
    }
  }

private:
  bool fill() {
    if (start_ == 0 && end_ == buffer_.size()) end_ /= 2; // a line of this length is of no use whole
    std::memmove(buffer_.data(), buffer_.data() + start_, end_ - start_);
    end_ -= start_;
    start_ = 0;
    ssize_t got = file_ ? ::read(file_.get(), buffer_.data() + end_, buffer_.size() - end_) : 0;
    if (got > 0) end_ += static_cast<std::size_t>(got);
    return got > 0;
  }

  std::optional<std::string_view> last_line() {
    if (start_ == end_) return std::nullopt;
    std::string_view line{buffer_.data() + start_, end_ - start_};
    start_ = end_ = 0;
    return line;
  }

  FileDescriptor file_;
  std::array<char, 16384> buffer_;
  std::size_t start_ = 0, end_ = 0;
};

std::string_view field(std::string_view line, int index) {
  for (; index > 0; --index) {
    std::size_t colon = line.find(':');
    if (colon == line.npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line.substr(0, line.find(':'));
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool has_member(std::string_view members, std::string_view user) {
  while (!members.empty()) {
    std::size_t comma = std::min(members.find(','), members.size());
    if (members.substr(0, comma) == user) return true;
    members.remove_prefix(std::min(comma + 1, members.size()));
  }
  return false;
}

std::optional<Account> account_of_services(const char* name) {
  const passwd* entry = ::getpwnam(name);
  if (entry == nullptr) return std::nullopt;
  return Account{entry->pw_uid, entry->pw_gid, true};
}

std::optional<gid_t> group_of_services(const char* name) {
  const group* entry = ::getgrnam(name);
  if (entry == nullptr) return std::nullopt;
  return entry->gr_gid;
}

void groups_of_services(const char* user, gid_t group, GroupList& found) {
  int count = static_cast<int>(found.groups.size());
  if (::getgrouplist(user, group, found.groups.data(), &count) < 0) count = static_cast<int>(found.groups.size());
  found.count = static_cast<std::size_t>(count);
}

} // namespace

void GroupList::add(gid_t group) {
  auto* end = groups.begin() + count;
  if (count < groups.size() && std::find(groups.begin(), end, group) == end) groups[count++] = group;
}

std::optional<Account> find_account(const char* name, bool may_ask_services) {
  Lines lines{"/etc/passwd"};
  while (auto line = lines.next()) {
    if (field(*line, 0) != name) continue;
    auto user = number(field(*line, 2)), group = number(field(*line, 3));
    if (user && group) return Account{*user, *group};
  }
  return may_ask_services ? account_of_services(name) : std::nullopt;
}

std::optional<gid_t> find_group(const char* name, bool may_ask_services) {
  Lines lines{"/etc/group"};
  while (auto line = lines.next())
    if (field(*line, 0) == name)
      if (auto group = number(field(*line, 2))) return *group;
  return may_ask_services ? group_of_services(name) : std::nullopt;
}

std::string_view name_of_user(uid_t user, std::array<char, 256>& buffer) {
  Lines lines{"/etc/passwd"};
  while (auto line = lines.next()) {
    std::string_view name = field(*line, 0);
    if (number(field(*line, 2)) != user || name.size() >= buffer.size()) continue;
    std::ranges::copy(name, buffer.begin());
    buffer[name.size()] = '\0';
    return {buffer.data(), name.size()};
  }
  return {};
}

void find_groups_of(std::string_view user, gid_t group, bool from_services, GroupList& found) {
  if (from_services) return groups_of_services(user.data(), group, found);
  found.add(group);
  Lines lines{"/etc/group"};
  while (auto line = lines.next())
    if (has_member(field(*line, 3), user))
      if (auto member_of = number(field(*line, 2))) found.add(*member_of);
}

} // namespace upstart::supervisor
