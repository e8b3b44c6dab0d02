; 64-bit code that interrupts, system calls and segment bases are tried with.
bits 64
default rel
global try_syscall, syscall_probe, int_from_odd_stack, read_gs_after_swapgs, read_fs_bases, exchange16, save_restore
extern syscall_seen

section .text
; u64 try_syscall(void), in ring 3: 1 when RCX, R11, RSP and CF came back as they should
try_syscall:
  push rbx
  mov rbx, rsp
  stc
  pushfq
  pop rdx
  mov eax, 0x1000
  syscall
.after:
  pushfq
  pop r8
  cmp rsp, rbx
  jne .wrong
  lea r9, [.after]
  cmp rcx, r9
  jne .wrong
  and rdx, ~0x10000 ; RF
  cmp r11, rdx
  jne .wrong
  cmp r8, rdx
  jne .wrong
  mov eax, 1
  pop rbx
  ret
.wrong:
  xor eax, eax
  mov rsp, rbx
  pop rbx
  ret

; The entry SYSCALL goes to: notes CS, SS, RFLAGS, RIP and RSP
syscall_probe:
  mov [syscall_seen + 32], rsp
  mov rsp, probe_stack_top
  push rcx
  push r11
  mov eax, cs
  mov [syscall_seen], rax
  mov eax, ss
  mov [syscall_seen + 8], rax
  pushfq
  pop rax
  mov [syscall_seen + 16], rax
  mov [syscall_seen + 24], rcx
  pop r11
  pop rcx
  mov rsp, [syscall_seen + 32]
  o64 sysret

; void int_from_odd_stack(void): the frame must be aligned to 16 bytes whatever RSP was
int_from_odd_stack:
  sub rsp, 5
  int 0x42
  ret

; u64 read_gs_after_swapgs(void)
read_gs_after_swapgs:
  swapgs
  mov rax, [gs:0]
  swapgs
  ret

; u64 read_fs_bases(void): FS:8 plus GS:8
read_fs_bases:
  mov rax, [fs:8]
  add rax, [gs:8]
  ret

; u64 exchange16(u64 *pair): CMPXCHG16B twice, once with the right and once with a wrong old value; 3 when both are right
exchange16:
  push rbx
  xor r8d, r8d
  mov rax, [rdi]
  mov rdx, [rdi + 8]
  mov rbx, 0x1111111111111111
  mov rcx, 0x2222222222222222
  lock cmpxchg16b [rdi]
  jnz .second
  or r8d, 1
.second:
  xor eax, eax
  xor edx, edx
  cmpxchg16b [rdi]
  jz .done
  mov r9, 0x1111111111111111
  cmp rax, r9
  jne .done
  or r8d, 2
.done:
  mov eax, r8d
  pop rbx
  ret

; u64 save_restore(u8 *area): FXSAVE, changes, FXRSTOR; 1 when XMM3 and ST0 came back
save_restore:
  fninit
  fldpi
  mov eax, 0x12345678
  movd xmm3, eax
  movd xmm15, eax
  o64 fxsave [rdi]
  fninit
  pxor xmm3, xmm3
  pxor xmm15, xmm15
  o64 fxrstor [rdi]
  movd ecx, xmm3
  movd edx, xmm15
  fldpi
  fcomip st0, st1
  setz al
  setnp ah
  and al, ah
  cmp ecx, 0x12345678
  sete ah
  and al, ah
  cmp edx, 0x12345678
  sete ah
  and al, ah
  movzx eax, al
  fninit
  ret

section .bss
alignb 16
  resb 256
probe_stack_top:
