#include "core/engine/blas.h"
#include "core/engine/operator.h"
#include "core/engine/operators/conv.h"
#include "core/engine/operators/im2col.h"

#include <algorithm>

namespace bitlathe {

// Each input element is spread over a window of the output: columns = Wᵀ · x, then the columns are added
// into the image. Output channels are independent, so they are what the work is cut by.
void runConvTranspose(OperatorContext& context) {
    const Tensor &x = context.input(0), &w = context.input(1);
    const Tensor* bias = context.optional(2);
    for (const Tensor* tensor : {&x, &w, bias})
        if (tensor && tensor->type() != ElementType::F32) context.refuse("works on float tensors only, not on " + std::string(nameOf(tensor->type())));
    if (w.shape().rank() != x.shape().rank()) context.fail("input " + toText(x.shape()) + " and filter " + toText(w.shape()) + " differ in rank");
    const auto& kernel = w.shape().dims();
    const Window window = resolveTransposedWindow(context, x.shape(), std::span(kernel).subspan(std::min<std::size_t>(2, kernel.size())));
    const std::int64_t batch = x.shape()[0], channels = x.shape()[1], groups = context.node().integer("group", 1);
    if (groups < 1 || channels % groups != 0 || w.shape()[0] != channels)
        context.fail("input " + toText(x.shape()) + ", filter " + toText(w.shape()) + " and group " + std::to_string(groups) + " do not fit");
    const std::int64_t perGroup = channels / groups, outputs = w.shape()[1], all = outputs * groups;
    if (bias && bias->count() != all) context.fail("the bias has " + std::to_string(bias->count()) + " values for " + std::to_string(all) + " channels");
    const std::int64_t pixels = window.inCount(), taps = window.taps(), plane = window.outCount();
    const auto y = context.output<float>(0, window.outShape({batch, all}));
    if (y.empty()) return;
    const Blas& blas = *context.machine().blas;
    const std::int64_t block = std::clamp<std::int64_t>((1 << 17) / std::max<std::int64_t>(1, taps * pixels), 1, outputs);
    const std::int64_t blocks = (outputs + block - 1) / block;
    context.forEachWithScratch(batch * groups * blocks, block * taps * pixels * 4, [&](std::int64_t chunk, std::byte* scratch) {
        const std::int64_t o0 = chunk % blocks * block, o1 = std::min(outputs, o0 + block);
        const std::int64_t group = chunk / blocks % groups, n = chunk / blocks / groups;
        auto* col = reinterpret_cast<float*>(scratch);
        // w: [channel][output][tap], so Wᵀ's rows are its columns.
        blas.sgemm({.transposeA = true, .m = (o1 - o0) * taps, .n = pixels, .k = perGroup,
                    .a = w.as<float>().data() + group * perGroup * outputs * taps + o0 * taps, .lda = outputs * taps,
                    .b = x.as<float>().data() + (n * channels + group * perGroup) * pixels, .ldb = pixels, .c = col, .ldc = pixels});
        for (std::int64_t o = o0; o < o1; ++o) {
            const std::int64_t output = group * outputs + o;
            float* image = y.data() + (n * all + output) * plane;
            std::fill_n(image, plane, bias ? bias->as<float>()[static_cast<std::size_t>(output)] : 0.0f);
            col2im(window, col + (o - o0) * taps * pixels, image);
        }
    });
}

}  // namespace bitlathe
