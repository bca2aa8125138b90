// Kills a process that edits a project at random moments, many times, and looks each time whether the project
// opens with everything that had been said to be safe. project_crash_test [KILLS [SEED]].
#include "core/base/error.h"
#include "core/project/project_store.h"
#include "tests/core/project/temporary_folder.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace bitlathe;
namespace fs = std::filesystem;

Hdf5Node nodeOf(std::int64_t number, std::size_t floats) {
    Hdf5Node node;
    node.add("number", number);
    node.add("values", Tensor::of<float>(Shape{std::int64_t(floats)}, std::vector<float>(floats, float(number % 1000))));
    return node;
}

// Two records that belong together, a third of changing size, one that comes and goes; a save now and then.
[[noreturn]] void edit(const fs::path& path, int tell) {
    auto store = fs::exists(path) ? ProjectStore::open(path, ProjectStore::Access::Edit) : ProjectStore::create(path);
    const auto last = store->find("first");
    std::int64_t number = last ? *last->get<std::int64_t>("number") : 0;
    for (;;) {
        ++number;
        store->put("first", nodeOf(number, 10));
        store->put("reports/large", nodeOf(number, std::size_t(number % 7) * 40000));
        store->put("reports/" + std::to_string(number % 13), nodeOf(number, 100));
        if (number % 5 == 0) store->erase("reports/" + std::to_string((number + 3) % 13));
        store->put("last", nodeOf(number, 10));
        store->flush();
        if (number % 4 == 0) store->save();
        if (::write(tell, &number, sizeof number) != sizeof number) std::_Exit(1);
    }
}

bool fail(const char* what, int kill, std::int64_t told, std::int64_t found) {
    std::fprintf(stderr, "kill %d: %s (told %lld, found %lld)\n", kill, what, static_cast<long long>(told), static_cast<long long>(found));
    return false;
}

bool check(const fs::path& path, int kill, std::int64_t told, ProjectStore::Access access) {
    if (told == 0 && !fs::exists(path)) return true;
    const auto store = ProjectStore::open(path, access);
    if (store->readOnly() != (access == ProjectStore::Access::Look)) return fail("the lock of a dead process is in the way", kill, told, 0);
    const auto first = store->find("first"), last = store->find("last"), large = store->find("reports/large");
    if (!first || !last || !large) return fail("a record is missing", kill, told, 0);
    const std::int64_t number = *first->get<std::int64_t>("number");
    if (number != *last->get<std::int64_t>("number") || number != *large->get<std::int64_t>("number")) return fail("records of different moments", kill, told, number);
    if (number < told) return fail("something that was safe is gone", kill, told, number);
    for (const std::string& key : store->keys())
        if (const auto node = store->find(key); !node || *node->get<std::int64_t>("number") > number) return fail("a record of the future", kill, told, number);
    if (const Tensor* values = large->get<Tensor>("values"))
        for (const float value : values->as<float>())
            if (value != float(number % 1000)) return fail("values of another moment", kill, told, number);
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    const int kills = count > 1 ? std::atoi(arguments[1]) : 300;
    std::mt19937 random(count > 2 ? unsigned(std::atoi(arguments[2])) : 1u);
    const testing_support::TemporaryFolder folder;
    const fs::path path = folder / "p.bitlathe";
    std::int64_t told = 0, edits = 0;
    for (int kill = 0; kill < kills; ++kill) {
        int ends[2];
        if (::pipe(ends) != 0) return 1;
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            try {
                edit(path, ends[1]);
            } catch (const Error& error) {
                std::fprintf(stderr, "%s\n", error.what());
            }
            std::_Exit(1);
        }
        ::close(ends[1]);
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 200000));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        for (std::int64_t number; ::read(ends[0], &number, sizeof number) == sizeof number; ++edits) told = number;
        ::close(ends[0]);
        if (!WIFSIGNALED(status)) return fail("the process ended by itself", kill, told, 0), 1;
        try {
            if (!check(path, kill, told, ProjectStore::Access::Look) || !check(path, kill, told, ProjectStore::Access::Edit)) return 1;
        } catch (const Error& error) {
            std::fprintf(stderr, "kill %d: %s\n", kill, error.what());
            return 1;
        }
    }
    std::printf("%d kills in %lld edits: nothing lost\n", kills, static_cast<long long>(edits));
    return 0;
}
