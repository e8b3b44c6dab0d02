import { expect, test } from 'vitest';
import { EXIT, KVM, STRUCT } from './ioctl.ts';

test('request numbers are what the kernel of x86-64 takes', () => {
  expect(
    Object.fromEntries(Object.entries(KVM).map(([name, number]) => [name, number.toString(16).padStart(8, '0')])),
  ).toEqual({
    GET_API_VERSION: '0000ae00',
    CREATE_VM: '0000ae01',
    CHECK_EXTENSION: '0000ae03',
    GET_VCPU_MMAP_SIZE: '0000ae04',
    GET_SUPPORTED_CPUID: 'c008ae05',
    CREATE_VCPU: '0000ae41',
    SET_USER_MEMORY_REGION: '4020ae46',
    SET_TSS_ADDR: '0000ae47',
    SET_IDENTITY_MAP_ADDR: '4008ae48',
    RUN: '0000ae80',
    GET_REGS: '8090ae81',
    SET_REGS: '4090ae82',
    GET_SREGS: '8138ae83',
    SET_SREGS: '4138ae84',
    TRANSLATE: 'c018ae85',
    INTERRUPT: '4004ae86',
    GET_MSRS: 'c008ae88',
    SET_MSRS: '4008ae89',
    SET_SIGNAL_MASK: '4004ae8b',
    GET_FPU: '81a0ae8c',
    SET_FPU: '41a0ae8d',
    SET_CPUID2: '4008ae90',
    NMI: '0000ae9a',
    GET_VCPU_EVENTS: '8040ae9f',
    SET_VCPU_EVENTS: '4040aea0',
    GET_DEBUGREGS: '8080aea1',
    SET_DEBUGREGS: '4080aea2',
    SET_GUEST_DEBUG: '4048ae9b',
    GET_TSC_KHZ: '0000aea3',
    GET_XSAVE: '9000aea4',
    SET_XSAVE: '5000aea5',
    GET_XCRS: '8188aea6',
    SET_XCRS: '4188aea7',
    SET_DEVICE_ATTR: '4018aee1',
    GET_DEVICE_ATTR: '4018aee2',
    HAS_DEVICE_ATTR: '4018aee3',
  });
});

test('fields lie inside of their structure', () => {
  for (const [name, { size, fields }] of Object.entries(STRUCT)) {
    for (const [field, [offset, bytes]] of Object.entries(fields)) {
      expect(offset + bytes, `${name}.${field}`).toBeLessThanOrEqual(size);
    }
  }
  expect(new Set(Object.values(EXIT)).size).toBe(Object.keys(EXIT).length);
});
