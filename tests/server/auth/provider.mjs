// An OpenID Connect provider as others run one, on this machine and any free port: prints its issuer, ends with its
// standard input. Whoever knows a name is let in; the sub is that name.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [redirect, secret] = process.argv.slice(2);
let answer = () => {};
const server = createServer((request, response) => answer(request, response));
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "floorledger", client_secret: secret, redirect_uris: [redirect] }],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
  });
  answer = provider.callback();
  console.log(issuer);
});
process.stdin.resume().on("end", () => process.exit());
