// bitlathe-hdf5-reader: the process in which HDF5 reads files from outside. Started by Hdf5File with a socket as
// descriptor 3; ends when the other end closes it. Not for people.
#include "core/base/error.h"
#include "core/hdf5/hdf5_reader.h"
#include "core/hdf5/reader_wire.h"

#include <csignal>
#include <cstdio>
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

bool answer(std::unique_ptr<Hdf5Reader>& file, const Message& request) {
    const auto text = [&](std::size_t i) { return i < request.texts.size() ? request.texts[i] : std::string(); };
    const auto number = [&](std::size_t i) { return i < request.numbers.size() ? request.numbers[i] : std::int64_t(0); };
    const auto operation = static_cast<Operation>(request.kind);
    if (operation == Operation::Open) {
        file = std::make_unique<Hdf5Reader>(text(0));
        return send(kSocket, reply(Status::Done));
    }
    if (!file) return false;
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
    std::unique_ptr<Hdf5Reader> file;
    for (;;) {
        const auto request = receive(kSocket, -1);
        if (!request) return 0;
        bool alive = false;
        try {
            alive = answer(file, *request);
        } catch (const Error& error) {
            Message refused = reply(Status::Refused);
            refused.texts = {error.message()};
            alive = send(kSocket, refused);
        } catch (const std::exception& error) {
            Message refused = reply(Status::Refused);
            refused.texts = {"HDF5 needs more memory than there is (" + std::string(error.what()) + ")"};
            alive = send(kSocket, refused);
        }
        if (!alive) return 1;
    }
}
