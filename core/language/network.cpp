#include "core/language/network.h"

#include "core/base/error.h"
#include "core/language/architecture.h"
#include "core/language/network_block.h"

namespace bitlathe {

std::shared_ptr<const Model> buildLanguage(const LanguageSpec& spec, const std::vector<std::string>& names, const WeightLookup& weights, const NetworkOptions& options) {
    if (!spec.runs()) throw Error(ErrorKind::Unsupported, "this language model cannot be run: " + spec.whyNot);
    const Architecture* architecture = findArchitecture(spec.naming, spec.architecture);
    if (!architecture) throw Error(ErrorKind::Unsupported, "this language model cannot be run: the architecture '" + spec.architecture + "' is not known here");
    NetworkBuilder builder(spec, architecture->names, names, weights, options);
    builder.build();
    auto model = std::make_shared<Model>();
    model->name = spec.label;
    model->format = "language";
    model->opsets = {{"", 23}, {"bitlathe", 1}};
    model->graph = builder.take();
    return model;
}

}  // namespace bitlathe
