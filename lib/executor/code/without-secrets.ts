/** Returns an environment without the secrets that are meant for this program alone, for a process that runs code of functions. */
export const withoutSecrets = ({ HANDOFF_COOKIE: _cookie, HANDOFF_JOURNAL: _journal, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => env;
