"""Each rule of the check, broken once in a tree of two or three files, is reported at its place; a sound tree is not."""
import unittest

from includes import folder_of
from rules import Rules, Tree

RULES = """
may protocol:                                   # nothing
may daemons/base: protocol
may daemons/*-bridge: protocol daemons/base daemons/bridge
may daemons/*: protocol daemons/base
may clients/check: protocol daemons/runner/language
may clients/*: protocol
floors daemons/runner: language words | core | .
pure daemons/runner/language
"""


def found(**files):
    """What is reported of files given as path = text; in paths, __ stands for a slash and _ for a hyphen. Every folder has a README."""
    texts = {name.replace("__", "/").replace("_hpp", ".hpp").replace("_cpp", ".cpp").replace("_", "-"): text for name, text in files.items()}
    return reported(texts, [f"{folder_of(path)}/README.md" for path in texts])


def reported(texts, others):
    return [str(one) for one in Tree(texts, Rules.read(RULES), [*texts, *others]).violations()]


class Structure(unittest.TestCase):
    def test_a_sound_tree_is_silent(self):
        self.assertEqual([], found(
            protocol__names_hpp="int names;", daemons__base__loop_hpp='#include "protocol/names.hpp"\n',
            daemons__runner__language__parser_hpp="", daemons__runner__core__job_hpp='#include "daemons/runner/language/parser.hpp"\n',
            daemons__runner__main_cpp='#include "daemons/runner/core/job.hpp"\n#include "daemons/base/loop.hpp"\n'))

    def test_protocol_stands_on_nothing(self):
        self.assertEqual(["protocol/names.hpp:2: protocol must not include daemons/base/loop.hpp"], found(
            protocol__names_hpp='\n#include "daemons/base/loop.hpp"\n', daemons__base__loop_hpp=""))

    def test_a_daemon_does_not_include_another(self):
        self.assertEqual(["daemons/init/main.cpp:1: daemons/init must not include daemons/runner/job.hpp"], found(
            daemons__init__main_cpp='#include "daemons/runner/job.hpp"\n', daemons__runner__job_hpp=""))

    def test_what_bridges_share_is_for_bridges(self):
        tree = {"daemons__bridge__conditions_hpp": "", "daemons__file_bridge__main_cpp": '#include "daemons/bridge/conditions.hpp"\n'}
        self.assertEqual([], found(**tree))
        self.assertEqual(["daemons/init/main.cpp:1: daemons/init must not include daemons/bridge/conditions.hpp"], found(
            daemons__init__main_cpp='#include "daemons/bridge/conditions.hpp"\n', **tree))

    def test_a_client_may_include_the_pure_library_that_is_granted_and_nothing_beside_it(self):
        self.assertEqual(["clients/check/main.cpp:2: clients/check must not include daemons/runner/core/job.hpp"], found(
            clients__check__main_cpp='#include "daemons/runner/language/parser.hpp"\n#include "daemons/runner/core/job.hpp"\n',
            daemons__runner__language__parser_hpp="", daemons__runner__core__job_hpp=""))

    def test_a_folder_that_no_rule_names(self):
        self.assertEqual(["tools/main.cpp:1: no rule says what tools may include"], found(tools__main_cpp=""))

    def test_an_include_that_points_upwards(self):
        self.assertEqual(["daemons/runner/language/parser.hpp:1: includes upwards: language stands below core in daemons/runner"], found(
            daemons__runner__language__parser_hpp='#include "daemons/runner/core/job.hpp"\n', daemons__runner__core__job_hpp=""))
        self.assertEqual(["daemons/runner/core/job.hpp:1: includes upwards: core stands below . in daemons/runner"], found(
            daemons__runner__core__job_hpp='#include "../daemon.hpp"\n', daemons__runner__daemon_hpp=""))

    def test_an_include_of_a_neighbour_on_the_same_floor(self):
        self.assertEqual(["daemons/runner/language/parser.hpp:1: includes sideways: language stands beside words in daemons/runner"], found(
            daemons__runner__language__parser_hpp='#include "daemons/runner/words/list.hpp"\n', daemons__runner__words__list_hpp=""))

    def test_a_folder_whose_floor_is_not_given(self):
        self.assertEqual(["daemons/runner/core/job.hpp:1: the floors of daemons/runner do not name cellar (packaging/structure/rules.txt)"],
                         found(daemons__runner__core__job_hpp='#include "daemons/runner/cellar/wine.hpp"\n', daemons__runner__cellar__wine_hpp=""))

    def test_a_test_may_look_at_all_of_its_own_program_only(self):
        self.assertEqual([], found(
            daemons__runner__language__parser_test_cpp='#include "daemons/runner/core/job.hpp"\n', daemons__runner__core__job_hpp=""))
        self.assertEqual(["daemons/init/init-test.cpp:1: daemons/init must not include daemons/runner/job.hpp"], found(
            daemons__init__init_test_cpp='#include "daemons/runner/job.hpp"\n', daemons__runner__job_hpp=""))

    def test_what_is_installed_includes_nothing_of_tests(self):
        self.assertEqual(
            ["daemons/runner/main.cpp:1: what is installed must not include daemons/runner/test-support.hpp, which is for tests"],
            found(daemons__runner__main_cpp='#include "daemons/runner/test-support.hpp"\n', daemons__runner__test_support_hpp=""))

    def test_a_pure_folder_calls_nothing(self):
        self.assertEqual(["daemons/runner/language/parser.cpp:1: daemons/runner/language is pure and must not include <uv.h>"],
                         found(daemons__runner__language__parser_cpp="#include <uv.h>\n#include <string>\n"))

    def test_a_cycle_of_folders(self):
        reported = found(daemons__init__a__one_hpp='#include "daemons/init/b/two.hpp"\n', daemons__init__b__two_hpp="",
                         daemons__init__b__three_hpp='\n#include "daemons/init/a/four.hpp"\n', daemons__init__a__four_hpp="")
        circle = "a cycle of folders: daemons/init/a, daemons/init/b"
        self.assertIn(f"daemons/init/a/one.hpp:1: includes daemons/init/b/two.hpp: {circle}", reported)
        self.assertIn(f"daemons/init/b/three.hpp:2: includes daemons/init/a/four.hpp: {circle}", reported)

    def test_a_cycle_of_units_that_closes_through_a_source_file(self):
        circle = "a cycle of units: daemons/init/one, daemons/init/two"
        self.assertEqual([f"daemons/init/one.cpp:2: includes daemons/init/two.hpp: {circle}",
                          f"daemons/init/two.hpp:1: includes daemons/init/one.hpp: {circle}"],
                         found(daemons__init__one_hpp="", daemons__init__one_cpp='#include "one.hpp"\n#include "daemons/init/two.hpp"\n',
                               daemons__init__two_hpp='#include "daemons/init/one.hpp"\n'))

    def test_a_flat_folder_of_more_than_25_files(self):
        files = {f"daemons__init__file{number}_hpp": "" for number in range(25)}
        self.assertEqual([], found(**files))
        self.assertEqual(["daemons/init:1: holds 26 C++ files, more than 25: divide it by concept"], found(daemons__init__more_cpp="", **files))

    def test_a_folder_of_more_than_eight_files_has_a_readme(self):
        texts = {f"daemons/init/file{number}.hpp": "" for number in range(8)}
        self.assertEqual([], reported(texts, []))
        self.assertEqual(["daemons/init:1: holds 9 files and has no README.md that tells what they are"], reported(texts, ["daemons/init/CMakeLists.txt"]))
        self.assertEqual([], reported(texts, ["daemons/init/CMakeLists.txt", "daemons/init/README.md"]))

    def test_a_function_of_more_than_100_lines(self):
        body = "void f() {\n" + "  g();\n" * 98 + "}\n"
        self.assertEqual([], found(daemons__init__f_cpp=body))
        self.assertEqual(["daemons/init/f.cpp:1: f has 101 lines, more than 100"], found(daemons__init__f_cpp=body.replace("}", "  g();\n}")))

    def test_a_lambda_in_a_table_is_a_function(self):
        table = "const Entry table[] = {\n{\"a\", [](int n) -> int {\n" + "  g();\n" * 99 + "}}};\n"
        self.assertEqual(["daemons/init/f.cpp:2: (lambda) has 101 lines, more than 100"], found(daemons__init__f_cpp=table))

    def test_a_class_of_more_than_20_methods_gives_its_reason(self):
        methods = "".join(f"  int m{number}() const {{ return {number}; }}\n" for number in range(20))
        data = "  std::function<void(int)> f_ = nullptr;\n  int n_{3};\n  Other() = default;\n  using T = int(int);\n"
        large = "class Large : public Base<int()> {\npublic:\n" + methods + data
        self.assertEqual([], found(daemons__init__large_hpp=large + "};\n"))
        self.assertEqual(
            ["daemons/init/large.hpp:1: Large has 21 methods, more than 20: divide it, or give the reason in a comment that begins "
             '"More than twenty methods:"'], found(daemons__init__large_hpp=large + "  explicit Large(int n) : n_{n}, f_(g()) {}\n};\n"))
        self.assertEqual([], found(daemons__init__large_hpp="// More than twenty\n// methods: one for each letter.\n" + large + "void x();\n};\n"))

    def test_names_on_the_bus_are_spelled_in_protocol(self):
        self.assertEqual([], found(protocol__names_cpp='auto name = "com.ubuntu.Upstart";\n', daemons__init__a_cpp="// com.ubuntu.Upstart\n",
                                   daemons__init__name_test_cpp='auto name = "com.ubuntu.Upstart";\n'))
        self.assertEqual(['daemons/init/a.cpp:2: spells "unix:abstract=/com/ubuntu/upstart": names and addresses are spelled in protocol only'],
                         found(daemons__init__a_cpp='\nauto address = "unix:abstract=/com/ubuntu/upstart";\n'))

    def test_comments_and_strings_are_no_code(self):
        self.assertEqual([], found(daemons__init__f_cpp='/* #include "x.hpp" { */ // {\nconst char* s = "{\\"{"; auto r = R"x({ " )x";\nint n = 1\'000;\n'))

    def test_a_rule_that_is_not_understood(self):
        with self.assertRaisesRegex(ValueError, "rules.txt:2: not understood: might protocol"):
            Rules.read("\nmight protocol\n")


unittest.main()
