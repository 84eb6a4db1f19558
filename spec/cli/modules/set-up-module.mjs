globalThis.told = 'by the set-up';
