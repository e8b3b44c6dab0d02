; Interrupt entries of the 64-bit kernel, the guarded call they return to, ring 3 and SYSCALL.
bits 64
default rel
extern handle_trap, handle_syscall
global trap_entries, guarded_call, guard_rsp, guard_resume, syscall_entry, load_tables, user_end

USER_STACK equ 0x9f000
KERNEL_CODE equ 0x08
USER_DATA equ 0x33
USER_CODE64 equ 0x3b
USER_CODE32 equ 0x2b

section .text
%assign vector 0
%rep 256
entry_ %+ vector:
  %if vector != 8 && (vector < 10 || vector > 14) && vector != 17
    push 0 ; the others push an error code themselves
  %endif
  push vector
  jmp save_and_handle
  %assign vector vector + 1
%endrep

; Builds struct frame (kernel.h) and calls handle_trap with it
save_and_handle:
  push rax
  push rcx
  push rdx
  push rbx
  push rbp
  push rsi
  push rdi
  push r8
  push r9
  push r10
  push r11
  push r12
  push r13
  push r14
  push r15
  cld
  mov rdi, rsp
  mov rbx, rsp
  and rsp, ~15
  call handle_trap
  mov rsp, rbx
  pop r15
  pop r14
  pop r13
  pop r12
  pop r11
  pop r10
  pop r9
  pop r8
  pop rdi
  pop rsi
  pop rbp
  pop rbx
  pop rdx
  pop rcx
  pop rax
  add rsp, 16
  iretq

; u64 guarded_call(function, argument, where): calls function(argument) in ring 0 (where = 0), in ring 3 as 64-bit
; code (1) or in ring 3 as 32-bit code (2). Returns its value, or, when handle_trap cut it short, what that left in RAX.
guarded_call:
  push rbx
  push rbp
  push r12
  push r13
  push r14
  push r15
  push qword [guard_rsp]
  mov [guard_rsp], rsp
  mov rax, rdi
  mov rdi, rsi
  cmp edx, 1
  je enter_user
  ja enter_user32
  call rax
guard_resume:
  mov rsp, [guard_rsp]
  pop qword [guard_rsp]
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbp
  pop rbx
  cld
  ret
enter_user:
  push USER_DATA
  push USER_STACK
  push 0x202 ; IF
  push USER_CODE64
  lea rcx, [user_start]
  push rcx
  iretq
enter_user32:
  push USER_DATA
  push USER_STACK
  push 0x202
  push USER_CODE32
  lea rcx, [user32_start]
  push rcx
  iretq

; Back to ring 0 by INT3 in 64-bit code: not every hypervisor delivers INT n from ring 3, or INT3 from 32-bit code.
user_start:
  call rax
user_stop:
  int3
user_end:
bits 32
user32_start:
  sub esp, 12 ; the System V ABI wants the argument at a multiple of 16
  push edi
  call eax
  jmp USER_CODE64:user_stop
bits 64

; SYSCALL: RAX number, RDI argument; answers in RAX
syscall_entry:
  mov [user_rsp], rsp
  mov rsp, syscall_stack_top
  push rcx
  push r11
  mov rsi, rdi
  mov rdi, rax
  call handle_syscall
  pop r11
  pop rcx
  mov edx, cs
  cmp edx, KERNEL_CODE
  jne .by_iret
  mov rsp, [user_rsp]
  o64 sysret
.by_iret: ; a hypervisor that lends SYSCALL its own selectors does not know SYSRET
  push USER_DATA
  push qword [user_rsp]
  push r11
  push USER_CODE64
  push rcx
  iretq

; void load_tables(idt pointer, task register selector)
load_tables:
  lidt [rdi]
  ltr si
  mov eax, USER_DATA
  mov ds, eax
  mov es, eax
  ret

section .rodata
align 8
trap_entries:
%assign vector 0
%rep 256
  dq entry_ %+ vector
  %assign vector vector + 1
%endrep

section .bss
alignb 16
guard_rsp: resq 1
user_rsp: resq 1
  resb 1024
alignb 16
syscall_stack_top:
