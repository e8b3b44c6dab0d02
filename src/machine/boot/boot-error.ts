/** A guest cannot be started; the message is one line that says what is wrong and what to do. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

/** Mebibytes for a message, rounded up. */
export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;
