import { request } from 'node:http';

/** Posts files as `multipart/form-data` over a unix socket, on a connection of its own. */
export async function postPictures(
  socketPath: string,
  path: string,
  files: readonly { readonly name: string; readonly content: Uint8Array | string }[],
  field = 'files',
  signal?: AbortSignal,
): Promise<{ status: number; type: string; body: Buffer }> {
  const boundary = 'boundary-of-the-test';
  const parts = files.flatMap(({ name, content }) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n`),
    Buffer.from('Content-Type: image/png\r\n\r\n'),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': body.length,
  };
  return await new Promise((resolve, reject) => {
    const options = {
      socketPath,
      method: 'POST',
      path,
      agent: false,
      headers,
      ...(signal ? { signal } : {}),
    };
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          body: Buffer.concat(chunks),
        }),
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}
