// Rows of jobs as a table: which columns there are, what stands in them, by which rows are sorted. Pure.
#pragma once

#include "clients/base/failure.hpp"
#include "clients/base/terminal/table.hpp"
#include "clients/initctl/list/job-rows.hpp"

#include <chrono>

namespace upstart::client {

struct JobColumn; // one entry of the table of columns in the implementation
using JobColumns = std::vector<const JobColumn*>;

[[nodiscard]] JobColumns usual_columns();
[[nodiscard]] std::vector<std::string_view> column_names();
// From "job,state,since". The failure names those that there are.
[[nodiscard]] std::expected<JobColumns, Failure> columns_named(std::string_view names);

// By the column of this name, "-NAME" the other way round. Numbers and times begin with the largest and the newest.
[[nodiscard]] std::expected<void, Failure> sort_rows(std::vector<JobRow>& rows, std::string_view column);

// Of the usual columns some are left out where there is no room, of those that were asked for none.
[[nodiscard]] Table table_of(const std::vector<JobRow>& rows, const JobColumns& columns,
                             std::chrono::system_clock::time_point now);

// "12:34:56" if that is today, "Nov 24 12:34" in the last half year, else "2025-11-24"; empty for 0.
[[nodiscard]] std::string shown_since(std::int64_t microseconds, std::chrono::system_clock::time_point now);

} // namespace upstart::client
