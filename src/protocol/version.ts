/** Version of every file and message that the CLI and the worker exchange. */
export const protocolVersion = 1;
