// Normalisations across channels: by stored statistics, or by the neighbours' energy.
#pragma once

namespace bitlathe {

class OperatorContext;

void runBatchNormalization(OperatorContext& context);  // training mode too: measures, and gives running statistics
void runLrn(OperatorContext& context);

}  // namespace bitlathe
