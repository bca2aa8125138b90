#include "core/hdf5/hdf5_copy.h"

#include "core/hdf5/reader_process.h"

namespace bitlathe {

using namespace hdf5_wire;

struct Hdf5Copy::Impl : ReaderProcess {
    using ReaderProcess::ReaderProcess;
};

Hdf5Copy::Hdf5Copy(const std::string& source, const std::string& target, const std::vector<std::string>& without) : m_impl(std::make_unique<Impl>(source)) {
    m_impl->beginWriting();
    std::vector<std::string> texts = {target};
    texts.insert(texts.end(), without.begin(), without.end());
    m_arrays = m_impl->ask(Operation::CopyStart, std::move(texts)).texts;
}

Hdf5Copy::~Hdf5Copy() = default;

void Hdf5Copy::copy(const std::string& path) { m_impl->ask(Operation::CopyArray, {path}); }

void Hdf5Copy::replace(const std::string& path, const Tensor& values) {
    m_impl->ask(Operation::CopyReplace, {path}, {values.shape().begin(), values.shape().end()}, values.bytes());
}

void Hdf5Copy::node(const std::string& path, const Hdf5Node& node) { m_impl->ask(Operation::CopyNode, {path}, {}, pack(node)); }

void Hdf5Copy::attribute(const std::string& object, const std::string& name, const std::string& text) { m_impl->ask(Operation::CopyAttribute, {object, name, text}); }

void Hdf5Copy::close() { m_impl->ask(Operation::CopyEnd); }

}  // namespace bitlathe
