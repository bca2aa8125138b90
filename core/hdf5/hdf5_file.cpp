#include "core/hdf5/hdf5_file.h"

#include "core/hdf5/reader_process.h"

namespace bitlathe {

using namespace hdf5_wire;

struct Hdf5File::Impl : ReaderProcess {
    using ReaderProcess::ReaderProcess;
};

Hdf5File::Hdf5File(const std::string& path) : m_impl(std::make_unique<Impl>(path)) {}
Hdf5File::~Hdf5File() = default;

std::vector<std::string> Hdf5File::datasets() const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->ask(Operation::Datasets).texts;
}

std::optional<Hdf5ArrayInfo> Hdf5File::describe(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    const Message reply = m_impl->ask(Operation::Describe, {name});
    if (static_cast<Status>(reply.kind) == Status::Nothing) return std::nullopt;
    return m_impl->infoOf(reply);
}

Tensor Hdf5File::readRows(const std::string& name, std::int64_t begin, std::int64_t count) const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->tensorOf(m_impl->ask(Operation::ReadRows, {name}, {begin, count}));
}

Tensor Hdf5File::read(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->tensorOf(m_impl->ask(Operation::Read, {name}));
}

bool Hdf5File::contains(const std::string& path) const {
    std::lock_guard lock(m_impl->mutex);
    return static_cast<Status>(m_impl->ask(Operation::Contains, {path}).kind) == Status::Done;
}

std::optional<std::string> Hdf5File::textAttribute(const std::string& object, const std::string& attribute) const {
    std::lock_guard lock(m_impl->mutex);
    const Message reply = m_impl->ask(Operation::Text, {object, attribute});
    if (static_cast<Status>(reply.kind) == Status::Nothing || reply.texts.empty()) return std::nullopt;
    return reply.texts[0];
}

std::optional<std::vector<std::string>> Hdf5File::textsAttribute(const std::string& object, const std::string& attribute) const {
    std::lock_guard lock(m_impl->mutex);
    Message reply = m_impl->ask(Operation::Texts, {object, attribute});
    if (static_cast<Status>(reply.kind) == Status::Nothing) return std::nullopt;
    return std::move(reply.texts);
}

Hdf5Node Hdf5File::node(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    return unpackNode(m_impl->bytesOf(m_impl->ask(Operation::Node, {name})), m_impl->path());
}

std::vector<std::string> Hdf5File::groups(const std::string& name) const {
    std::lock_guard lock(m_impl->mutex);
    return m_impl->ask(Operation::Groups, {name}).texts;
}

}  // namespace bitlathe
