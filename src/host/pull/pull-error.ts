/** A guest could not be made; the message is one line that says what is wrong and what to do. */
export class PullError extends Error {
  override readonly name = 'PullError';
}

/** What a user without Debian's tools can do instead. */
export const OWN_KERNEL_HINT = 'boot a kernel of your own with: emu boot --kernel FILE [--initrd FILE]';
