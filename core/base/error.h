// What goes wrong outside the program: a file, a recipe, a disk. Knows no windows and no exit codes.
//
// Three kinds of failure, three mechanisms (core/README.md): a bug of ours is an assert; the outside
// world throws Error, which runJob() turns into an Outcome; an impossible draft is a list of issues.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace bitlathe {

enum class ErrorKind {
    Usage,        // the caller asked for something that does not exist; exit code 2
    Input,        // an input file was refused; exit code 3
    Recipe,       // the recipe is impossible, or a target refuses the export; exit code 4
    Unsupported,  // the model holds something that we cannot run; exit code 4
    Output,       // a result could not be written; exit code 3
};

// One clear sentence for people: what, where (file, place, number), and what to do about it.
class Error : public std::exception {
public:
    Error(ErrorKind kind, std::string message) : m_kind(kind), m_message(std::move(message)) {}
    ErrorKind kind() const noexcept { return m_kind; }
    const char* what() const noexcept override { return m_message.c_str(); }
    const std::string& message() const noexcept { return m_message; }

private:
    ErrorKind m_kind;
    std::string m_message;
};

[[noreturn]] void refuseInput(std::string message);

// "cannot open 'x'": the system's reason for errno, as a clause.
std::string systemReason(int errorNumber);

}  // namespace bitlathe
