// Spectra: Fourier transforms, windows and mel filters, as networks that hear need them. Computed in double.
#pragma once

namespace bitlathe {

class OperatorContext;

void runDft(OperatorContext& context);
void runStft(OperatorContext& context);
void runHannWindow(OperatorContext& context);
void runHammingWindow(OperatorContext& context);
void runBlackmanWindow(OperatorContext& context);
void runMelWeightMatrix(OperatorContext& context);

}  // namespace bitlathe
