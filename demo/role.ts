/** One role of the local stand: `src/main.ts` as it is, but it does not outlive the stand, however that ends. */
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
await import('../src/main.ts');

export {};
