// Functions of one number, applied to every element. Real types are computed in their own precision
// (16-bit floats in float32), integers where the function maps integers to integers.
#pragma once

namespace bitlathe {

class OperatorContext;

void runAbs(OperatorContext& context);  // the least integer stays as it is
void runNeg(OperatorContext& context);
void runSign(OperatorContext& context);
void runFloor(OperatorContext& context);
void runCeil(OperatorContext& context);
void runRound(OperatorContext& context);  // halves to even
void runSqrt(OperatorContext& context);
void runReciprocal(OperatorContext& context);
void runExp(OperatorContext& context);
void runLog(OperatorContext& context);
void runErf(OperatorContext& context);
void runSin(OperatorContext& context);
void runCos(OperatorContext& context);
void runTan(OperatorContext& context);
void runAsin(OperatorContext& context);
void runAcos(OperatorContext& context);
void runAtan(OperatorContext& context);
void runSinh(OperatorContext& context);
void runCosh(OperatorContext& context);
void runAsinh(OperatorContext& context);
void runAcosh(OperatorContext& context);
void runAtanh(OperatorContext& context);
void runIdentity(OperatorContext& context);

}  // namespace bitlathe
