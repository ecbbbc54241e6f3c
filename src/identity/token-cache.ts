/** At most `capacity` entries by the digest of a token; the one unused for longest goes first. */
export function createTokenCache<Entry>(capacity: number) {
  const entries = new Map<string, Entry>();
  return {
    get(digest: string): Entry | undefined {
      const entry = entries.get(digest);
      if (entry === undefined) return undefined;
      entries.delete(digest);
      entries.set(digest, entry);
      return entry;
    },
    set(digest: string, entry: Entry) {
      entries.set(digest, entry);
      if (entries.size <= capacity) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        return;
      }
    },
    delete(digest: string) {
      entries.delete(digest);
    },
  };
}
