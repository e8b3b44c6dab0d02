export * from './f80-arithmetic.ts';
export * from './f80-compare.ts';
export * from './f80-convert.ts';
export * from './sse-arithmetic.ts';
export * from './sse-compare.ts';
export * from './sse-convert.ts';
