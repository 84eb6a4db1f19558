const LOADING = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)(=|$)/;

/** Returns those options of Node that say how modules are loaded. Others (`--eval`, `--inspect`, `--test`) are left out. */
export function loadingOptions(given: readonly string[]): string[] {
  const kept: string[] = [];
  for (const [at, option] of given.entries()) {
    const value = given[at + 1];
    if (LOADING.test(option)) kept.push(option, ...(option.includes('=') || value === undefined ? [] : [value]));
  }
  return kept;
}
