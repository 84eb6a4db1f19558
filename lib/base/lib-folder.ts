/**
 * The folder of the code of this package: `lib/` of the sources, or `dist/lib/`. Files are found from here. No other module may ask for its
 * own place, as the build joins modules into few files. They lie one folder below this one, as this file does.
 */
export const LIB_FOLDER: URL = new URL('..', import.meta.url);

/** Whether this is the source, which needs a loader of TypeScript. */
export const isSource: boolean = import.meta.url.endsWith('.ts');
