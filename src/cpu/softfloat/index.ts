export * from './f80-arithmetic.ts';
export * from './f80-compare.ts';
export * from './f80-convert.ts';
