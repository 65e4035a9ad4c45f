// What is known of a job, reduced to one of its instances, which need not be there.
#pragma once

#include "clients/initctl/explain/explanation.hpp"
#include "clients/initctl/explain/knowledge.hpp"

namespace upstart::client {

// The other instances, what was decided about them and how they failed are left out.
void keep_instance(protocol::JobState& job, const std::string& instance);
// So are the events of their lives.
void keep_instance(Knowledge& knowledge, const std::string& job, const std::string& instance);
// The verdict on an instance that is not there names it.
void name_instance(Explanation& explanation, const std::string& instance);

} // namespace upstart::client
