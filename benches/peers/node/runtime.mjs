// Lambda's Runtime API for the function: take an event, run the handler, return what it returns. AWS's own client
// (`aws-lambda-ric`) does the same, but takes CMake and a C++ compiler to install.

import http from "node:http";

const { handler } = await import(process.argv[2]);

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ agent, hostname, port, method, path: `/2018-06-01/runtime/${path}` }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  const answer = await handler(JSON.parse(body));
  await call("POST", `invocation/${id}/response`, JSON.stringify(answer));
}
