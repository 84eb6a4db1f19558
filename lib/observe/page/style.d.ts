// Style sheets are read by the bundler; for the compiler they are empty.
declare module '*.css';
