/**
 * Exact floating point: the x87's 80-bit format and the scalars of SSE, checked bit for bit against a real CPU.
 *
 * x87 (f80-*.ts): (w, d, a, b, cw) take a state array and indices of three words (significand low, high, sign and
 * exponent), and the control word; they return status-word bits IE DE ZE OE UE PE C0-C3.
 *   addF80 subtractF80 multiplyF80 divideF80 squareRootF80 remainderF80 roundF80 scaleF80 extractF80
 *   compareF80 examineF80  f32ToF80 f64ToF80 integerToF80 bcdToF80  f80ToF32 f80ToF64 f80ToInteger f80ToBcd  loadConstant
 *   exp2Minus1 yLog2X yLog2XPlus1 sine cosine sineCosine tangent arctangent
 *
 * SSE (sse-*.ts): (v, d, a, b, mxcsr) take views of one buffer (a CpuState has them), indices of 32-bit words, and
 * MXCSR; they return MXCSR flags. mergedSse gives the flags to set, unmaskedSse those for which #XM is raised.
 *   addF64 subtractF64 multiplyF64 divideF64 squareRootF64 and the same with F32  minimum maximum compareMask
 *   compareFlags  integerToSse sseToInteger f32ToF64 f64ToF32 roundSse reciprocalF32 reciprocalSquareRootF32
 */

export * from './f80-arctangent.ts';
export * from './f80-arithmetic.ts';
export * from './f80-bcd.ts';
export * from './f80-compare.ts';
export * from './f80-constants.ts';
export * from './f80-convert.ts';
export * from './f80-exponent.ts';
export * from './f80-exponential.ts';
export * from './f80-logarithm.ts';
export * from './f80-remainder.ts';
export * from './f80-trigonometric.ts';
export * from './sse-arithmetic.ts';
export * from './sse-compare.ts';
export * from './sse-convert.ts';
