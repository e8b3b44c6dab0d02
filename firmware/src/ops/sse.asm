; SSE and SSE2 rows. XMM0 = a, XMM1 = b; the result is XMM0, integers come back in A, comparisons in EFLAGS.
%include "macros.inc"
section .text

%macro ROWS 1-* ; each: op xmm0, xmm1
  %rep %0
    OP NO_FLAGS, 0, {%1 xmm0, xmm1}
    %rotate 1
  %endrep
%endmacro

; kind 1: not with denormals-are-zeros, where CPUs differ in whether the minimum itself comes out as zero
%macro ROWS_NO_DAZ 1-*
  %rep %0
    OP NO_FLAGS, 1, {%1 xmm0, xmm1}
    %rotate 1
  %endrep
%endmacro

GROUP sse_single
  ROWS addss, subss, mulss, divss, sqrtss, addps, subps, mulps, divps, sqrtps
  ROWS_NO_DAZ minss, maxss, minps, maxps
ENDGROUP sse_single

GROUP sse_double
  ROWS addsd, subsd, mulsd, divsd, sqrtsd, addpd, subpd, mulpd, divpd, sqrtpd
  ROWS_NO_DAZ minsd, maxsd, minpd, maxpd
ENDGROUP sse_double

GROUP sse_compare_single
  %assign predicate 0
  %rep 8
    OP NO_FLAGS, 0, {cmpps xmm0, xmm1, predicate}
    OP NO_FLAGS, 0, {cmpss xmm0, xmm1, predicate}
    %assign predicate predicate + 1
  %endrep
  OP ALL_FLAGS, 0, {comiss xmm0, xmm1}
  OP ALL_FLAGS, 0, {ucomiss xmm0, xmm1}
  OP NO_FLAGS, 0, {movmskps eax, xmm0}
ENDGROUP sse_compare_single

GROUP sse_compare_double
  %assign predicate 0
  %rep 8
    OP NO_FLAGS, 0, {cmppd xmm0, xmm1, predicate}
    OP NO_FLAGS, 0, {cmpsd xmm0, xmm1, predicate}
    %assign predicate predicate + 1
  %endrep
  OP ALL_FLAGS, 0, {comisd xmm0, xmm1}
  OP ALL_FLAGS, 0, {ucomisd xmm0, xmm1}
  OP NO_FLAGS, 0, {movmskpd eax, xmm0}
ENDGROUP sse_compare_double

GROUP sse_convert_single
  OP NO_FLAGS, 0, {cvtss2si eax, xmm0}
  OP NO_FLAGS, 0, {cvttss2si eax, xmm0}
  ROWS cvtps2dq, cvttps2dq, cvtps2pd, cvtss2sd, cvtdq2ps
  OP NO_FLAGS, 0, {movd eax, xmm1}, {cvtsi2ss xmm0, eax}
  %if BITS == 64
    OP NO_FLAGS, 0, {cvtss2si rax, xmm0}
    OP NO_FLAGS, 0, {movq rax, xmm1}, {cvtsi2ss xmm0, rax}
  %endif
ENDGROUP sse_convert_single

GROUP sse_convert_double
  OP NO_FLAGS, 0, {cvtsd2si eax, xmm0}
  OP NO_FLAGS, 0, {cvttsd2si eax, xmm0}
  ROWS cvtpd2dq, cvttpd2dq, cvtpd2ps, cvtsd2ss, cvtdq2pd
  OP NO_FLAGS, 0, {movd eax, xmm1}, {cvtsi2sd xmm0, eax}
  %if BITS == 64
    OP NO_FLAGS, 0, {cvtsd2si rax, xmm0}
    OP NO_FLAGS, 0, {cvttsd2si rax, xmm0}
    OP NO_FLAGS, 0, {movq rax, xmm1}, {cvtsi2sd xmm0, rax}
  %endif
ENDGROUP sse_convert_double

GROUP sse_integer
  ROWS paddb, paddw, paddd, paddq, paddsb, paddsw, paddusb, paddusw
  ROWS psubb, psubw, psubd, psubq, psubsb, psubsw, psubusb, psubusw
  ROWS pmullw, pmulhw, pmulhuw, pmuludq, pmaddwd, psadbw, pavgb, pavgw
  ROWS pmaxub, pmaxsw, pminub, pminsw, pand, pandn, por, pxor
  ROWS pcmpeqb, pcmpeqw, pcmpeqd, pcmpgtb, pcmpgtw, pcmpgtd
ENDGROUP sse_integer

GROUP sse_shuffle
  ROWS packsswb, packssdw, packuswb
  ROWS punpcklbw, punpcklwd, punpckldq, punpcklqdq, punpckhbw, punpckhwd, punpckhdq, punpckhqdq
  ROWS unpcklps, unpckhps, unpcklpd, unpckhpd, andps, andnpd, orps, xorpd
  ROWS movss, movsd, movhlps, movlhps, movq
  OP NO_FLAGS, 0, {pshufd xmm0, xmm1, 0x1b}
  OP NO_FLAGS, 0, {pshuflw xmm0, xmm1, 0x93}
  OP NO_FLAGS, 0, {pshufhw xmm0, xmm1, 0x6c}
  OP NO_FLAGS, 0, {shufps xmm0, xmm1, 0xd8}
  OP NO_FLAGS, 0, {shufpd xmm0, xmm1, 1}
  OP NO_FLAGS, 0, {pextrw eax, xmm1, 5}
  OP NO_FLAGS, 0, {mov eax, 0x12345678}, {pinsrw xmm0, eax, 6}
  OP NO_FLAGS, 0, {pmovmskb eax, xmm1}
  OP NO_FLAGS, 0, {movhps xmm0, [BASE + 20]}
  OP NO_FLAGS, 0, {movlps xmm0, [BASE + 20]}
  OP NO_FLAGS, 0, {movdqa xmm0, [BASE + 16]}
  OP NO_FLAGS, 0, {movdqu xmm0, [BASE + 7]}
ENDGROUP sse_shuffle

; Shift counts: b's low quadword is the count, mostly too large; the immediate and small counts matter more
GROUP sse_shift
  ROWS psllw, pslld, psllq, psrlw, psrld, psrlq, psraw, psrad
  OP NO_FLAGS, 0, {psllw xmm0, 5}
  OP NO_FLAGS, 0, {pslld xmm0, 17}
  OP NO_FLAGS, 0, {psllq xmm0, 33}
  OP NO_FLAGS, 0, {psrlw xmm0, 3}
  OP NO_FLAGS, 0, {psrld xmm0, 31}
  OP NO_FLAGS, 0, {psrlq xmm0, 63}
  OP NO_FLAGS, 0, {psraw xmm0, 16}
  OP NO_FLAGS, 0, {psrad xmm0, 4}
  OP NO_FLAGS, 0, {pslldq xmm0, 5}
  OP NO_FLAGS, 0, {psrldq xmm0, 11}
  %macro SMALL_COUNT 1-*
    %rep %0
      OP NO_FLAGS, 0, {mov eax, 9}, {movd xmm1, eax}, {%1 xmm0, xmm1}
      %rotate 1
    %endrep
  %endmacro
  SMALL_COUNT psllw, pslld, psllq, psrlw, psrld, psrlq, psraw, psrad
ENDGROUP sse_shift

; MMX: the same integer units on the x87 registers' low 64 bits
GROUP mmx
  %macro MMX_ROWS 1-*
    %rep %0
      OP NO_FLAGS, 0, {movdq2q mm0, xmm0}, {movdq2q mm1, xmm1}, {%1 mm0, mm1}, {movq2dq xmm0, mm0}, {emms}
      %rotate 1
    %endrep
  %endmacro
  MMX_ROWS paddb, paddsw, psubusb, pmullw, pmulhw, pmaddwd, packuswb, punpckhwd, pcmpgtd, pandn, psrlq, psraw
ENDGROUP mmx
