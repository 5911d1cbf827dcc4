// A receiver that is not ours: the npm package `standardwebhooks` judges what we sent.
//
// In:  a line of JSON for each request, {"secret", "headers", "body"}
// Out: a line of JSON for each, {"ok": true, "notice": …} or {"ok": false, "error": "…"}
import { createInterface } from "node:readline";
import { Webhook } from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  let told;
  try {
    told = { ok: true, notice: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    told = { ok: false, error: String(error.message) };
  }
  console.log(JSON.stringify(told));
}
