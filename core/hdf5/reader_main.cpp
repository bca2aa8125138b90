// bitlathe-hdf5-reader: the process in which HDF5 reads files from outside, and makes changed copies of them. Started by Hdf5File with a socket as
// descriptor 3; ends when the other end closes it. Not for people.
#include "core/base/error.h"
#include "core/hdf5/hdf5_copier.h"
#include "core/hdf5/hdf5_reader.h"
#include "core/hdf5/reader_wire.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace {

using namespace bitlathe;
using namespace bitlathe::hdf5_wire;

constexpr int kSocket = 3;

Message reply(Status status) { return {static_cast<std::uint32_t>(status), {}, {}, 0}; }

void addInfo(Message& message, ElementType type, const Shape& shape) {
    message.numbers.push_back(static_cast<std::int64_t>(type));
    message.numbers.insert(message.numbers.end(), shape.begin(), shape.end());
}

bool answerTensor(const Tensor& tensor) {
    Message message = reply(Status::Done);
    addInfo(message, tensor.type(), tensor.shape());
    message.bytesBehind = tensor.bytes().size();
    return send(kSocket, message) && sendBytes(kSocket, tensor.bytes());
}

constexpr std::uint64_t kMostBehind = std::uint64_t(1) << 36;

// Raw data behind a request; nothing when the other end is gone.
std::optional<std::vector<std::byte>> behind(const Message& request) {
    if (request.bytesBehind > kMostBehind) return std::nullopt;
    std::vector<std::byte> bytes(request.bytesBehind);
    if (!receiveBytes(kSocket, bytes, -1)) return std::nullopt;
    return bytes;
}

struct State {
    std::string path;
    std::unique_ptr<Hdf5Reader> file;
    std::unique_ptr<Hdf5Copier> copier;
};

Tensor floats(const Message& request, const std::vector<std::byte>& bytes) {
    std::byte* to = nullptr;
    Tensor tensor = Tensor::allocate(ElementType::F32, Shape(request.numbers), to);
    if (tensor.bytes().size() != bytes.size()) throw Error(ErrorKind::Usage, "the values do not fit their shape");
    std::copy(bytes.begin(), bytes.end(), to);
    return tensor;
}

// The requests of a copy; the data behind them were taken from the socket.
Message answerCopy(State& state, const Message& request, const std::vector<std::byte>& bytes) {
    Message message = reply(Status::Done);
    const std::vector<std::string>& texts = request.texts;
    const auto operation = static_cast<Operation>(request.kind);
    if (operation == Operation::CopyStart) {
        state.copier = std::make_unique<Hdf5Copier>(state.path, texts.at(0));
        state.copier->start(std::vector<std::string>(texts.begin() + 1, texts.end()));
        message.texts = state.copier->arrays();
        return message;
    }
    if (!state.copier) throw Error(ErrorKind::Usage, "no copy was begun");
    Hdf5Copier& copier = *state.copier;
    if (operation == Operation::CopyArray) copier.copy(texts.at(0));
    else if (operation == Operation::CopyReplace) copier.replace(texts.at(0), floats(request, bytes));
    else if (operation == Operation::CopyNode) copier.node(texts.at(0), unpackNode(bytes, "a request"));
    else if (operation == Operation::CopyAttribute) copier.attribute(texts.at(0), texts.at(1), texts.at(2));
    else copier.close();
    return message;
}

bool answer(State& state, const Message& request) {
    std::unique_ptr<Hdf5Reader>& file = state.file;
    const auto text = [&](std::size_t i) { return i < request.texts.size() ? request.texts[i] : std::string(); };
    const auto number = [&](std::size_t i) { return i < request.numbers.size() ? request.numbers[i] : std::int64_t(0); };
    const auto operation = static_cast<Operation>(request.kind);
    if (operation == Operation::Open) {
        state.path = text(0);
        file = std::make_unique<Hdf5Reader>(text(0));
        return send(kSocket, reply(Status::Done));
    }
    if (!file) return false;
    if (operation >= Operation::CopyStart) {
        const auto bytes = behind(request);
        return bytes && send(kSocket, answerCopy(state, request, *bytes));
    }
    Message message = reply(Status::Done);
    switch (operation) {
    case Operation::Datasets: message.texts = file->datasets(); break;
    case Operation::Describe:
        if (const auto info = file->describe(text(0))) addInfo(message, info->type, info->shape);
        else message = reply(Status::Nothing);
        break;
    case Operation::ReadRows: return answerTensor(file->readRows(text(0), number(0), number(1)));
    case Operation::Read: return answerTensor(file->read(text(0)));
    case Operation::Contains:
        if (!file->contains(text(0))) message = reply(Status::Nothing);
        break;
    case Operation::Text:
        if (const auto value = file->textAttribute(text(0), text(1))) message.texts = {*value};
        else message = reply(Status::Nothing);
        break;
    case Operation::Texts:
        if (const auto values = file->textsAttribute(text(0), text(1))) message.texts = *values;
        else message = reply(Status::Nothing);
        break;
    case Operation::Node: {
        const std::vector<std::byte> bytes = pack(file->node(text(0)));
        message.bytesBehind = bytes.size();
        return send(kSocket, message) && sendBytes(kSocket, bytes);
    }
    case Operation::Groups: message.texts = file->groups(text(0)); break;
    default: return false;
    }
    return send(kSocket, message);
}

}  // namespace

int main(int count, char**) {
    if (count != 2) {
        std::fputs("bitlathe-hdf5-reader is started by Bitlathe; run 'bitlathe' or 'bitlathe-cli'\n", stderr);
        return 2;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit noDump{0, 0};
    ::setrlimit(RLIMIT_CORE, &noDump);
    State state;
    for (;;) {
        const auto request = receive(kSocket, -1);
        if (!request) return 0;
        bool alive = false;
        try {
            alive = answer(state, *request);
        } catch (const Error& error) {
            Message refused = reply(Status::Refused);
            refused.texts = {error.message()};
            refused.numbers = {static_cast<std::int64_t>(error.kind())};
            alive = send(kSocket, refused);
            if (state.copier) std::_Exit(1);  // closing a file that could not be written may crash
        } catch (const std::exception& error) {
            Message refused = reply(Status::Refused);
            refused.texts = {"HDF5 needs more memory than there is (" + std::string(error.what()) + ")"};
            alive = send(kSocket, refused);
        }
        if (!alive) return 1;
    }
}
