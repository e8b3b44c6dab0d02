import type { IrBuilder } from '../../../cpu/ir/block.ts';

/**
 * Helpers that a region may call: they work on their arguments, on x87, MMX and SSE state and on nothing else
 * that a region keeps in locals, and they write no guest memory. They do not change the mode, and of MXCSR they
 * only set exception flags.
 */
const REGION_CALLS: ReadonlySet<string> = new Set(
  [
    'raise segmentRead segmentWrite checkAligned16 probeWrite checkX87',
    'div8 idiv8 div16 idiv16 div32 idiv32 div64 idiv64 rcl32 rcr32 rcl64 rcr64',
    'daa das aaa aas aam pdep32 pext32 pdep64 pext64 crc32c',
    // Integers in vectors.
    'paddb paddw paddd paddq psubb psubw psubd psubq paddsb paddsw paddusb paddusw psubsb psubsw psubusb psubusw',
    'pmullw pmulhw pmulhuw pmulhrsw pmulld pmuludq pmuldq pmaddwd pmaddubsw pavgb pavgw psadbw mpsadbw phminposuw',
    'pminub pmaxub pminsb pmaxsb pminsw pmaxsw pminuw pmaxuw pminsd pmaxsd pminud pmaxud',
    'pcmpeqb pcmpeqw pcmpeqd pcmpeqq pcmpgtb pcmpgtw pcmpgtd pcmpgtq pabsb pabsw pabsd psignb psignw psignd',
    'packsswb packuswb packssdw packusdw phaddw phaddsw phaddd phsubw phsubsw phsubd',
    'pmovsxbw pmovsxbd pmovsxbq pmovsxwd pmovsxwq pmovsxdq pmovzxbw pmovzxbd pmovzxbq pmovzxwd pmovzxwq pmovzxdq',
    'psrlw psraw psllw psrld psrad pslld psrlq psllq psrldq pslldq',
    'punpcklbw punpcklwd punpckldq punpckhbw punpckhwd punpckhdq pshufb pshufd pshuflw pshufhw shufps shufpd',
    'palignr insertps pblendw blendps blendpd pblendvb blendvps blendvpd pmovmskb movmskps movmskpd',
    'pextrb pextrw pextrd pextrq pinsrb pinsrw pinsrd pinsrq ptest pcmpestri pcmpestrm pcmpistri pcmpistrm',
    // Floating point in vectors.
    'addps addpd addss addsd subps subpd subss subsd mulps mulpd mulss mulsd divps divpd divss divsd',
    'minps minpd minss minsd maxps maxpd maxss maxsd sqrtps sqrtpd sqrtss sqrtsd rsqrtps rsqrtss rcpps rcpss',
    'haddps haddpd hsubps hsubpd addsubps addsubpd cmpps cmppd cmpss cmpsd ucomiss ucomisd comiss comisd',
    'roundps roundpd roundss roundsd dpps dppd cvtps2pd cvtpd2ps cvtss2sd cvtsd2ss cvtdq2ps cvtps2dq cvttps2dq',
    'cvtdq2pd cvtpd2dq cvttpd2dq cvtpi2ps cvtps2pi cvttps2pi cvtpi2pd cvtpd2pi cvttpd2pi',
    'cvtsi2ss cvtsi2sd cvtss2si cvttss2si cvtsd2si cvttsd2si',
    // x87; loads and stores of ten bytes go to memory by themselves.
    'x87Binary x87BinaryF32 x87BinaryF64 x87BinaryInteger x87Compare x87CompareFlags x87Test x87Examine',
    'x87SquareRoot x87Round x87Scale x87Remainder x87ChangeSign x87Absolute x87LoadRegister x87LoadF32 x87LoadF64',
    'x87LoadInteger x87LoadConstant x87StoreRegister x87StoreF32 x87StoreF64 x87StoreInteger x87Exchange x87MoveIf',
    'x87Extract x87Free x87Rotate x87LoadControl x87Exp2Minus1 x87Sine x87Cosine x87YLog2X x87YLog2XPlus1',
    'x87Arctangent x87SineCosine x87Tangent',
  ].flatMap((line) => line.split(' ')),
);

/** Control stays in a region behind such an instruction, and its helpers, but for those that `more` names, are known. */
export const fitsRegion = ({ insts, terminal }: IrBuilder, more: (helper: string) => boolean = () => false): boolean =>
  terminal.kind !== 'exit' &&
  terminal.kind !== 'sync' &&
  insts.every((inst) => inst.op !== 'call' || REGION_CALLS.has(inst.helper) || more(inst.helper));

export const callsHelper = ({ insts }: IrBuilder): boolean => insts.some(({ op }) => op === 'call');

export const REGION_CALL_NAMES: readonly string[] = [...REGION_CALLS];
