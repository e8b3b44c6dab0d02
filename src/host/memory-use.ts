/** Bytes of this process that are in the host's memory now. */
export const residentBytes = (): number => process.memoryUsage.rss();
