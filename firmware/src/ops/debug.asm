; What the debug registers watch.
%include "macros.inc"
section .text
global watched_code, watched_target, write_watched, write_watched_end, read_watched, resume_past, touch_debug_registers
global watched_data, check_alignment

%if BITS == 64
  %define SP_ rsp
%else
  %define SP_ esp
%endif

watched_code:
  xor eax, eax
watched_target:
  inc eax
  ret

write_watched:
  mov dword [watched_data], 1
write_watched_end:
  nop
  ret

read_watched:
  mov eax, [watched_data]
  nop
  ret

; IRET with RF set to the watched instruction: it must run once.
resume_past:
  xor eax, eax
%if BITS == 64
  mov rcx, rsp
  mov edx, ss
  push rdx
  push rcx
  pushfq
  or dword [rsp], 0x10000
  mov edx, cs
  push rdx
  lea rdx, [watched_target]
  push rdx
  iretq
%else
  pushfd
  or dword [esp], 0x10000
  push cs
  push watched_target
  iretd
%endif

touch_debug_registers:
  mov A, dr6
  ret

; In ring 3 with CR0.AM and EFLAGS.AC: a doubleword at an odd address
check_alignment:
%if BITS == 64
  pushfq
  or dword [rsp], 0x40000
  popfq
  mov eax, [watched_data + 1]
  pushfq
  and dword [rsp], ~0x40000
  popfq
%else
  pushfd
  or dword [esp], 0x40000
  popfd
  mov eax, [watched_data + 1]
  pushfd
  and dword [esp], ~0x40000
  popfd
%endif
  ret

section .bss
alignb 16
watched_data: resd 4
