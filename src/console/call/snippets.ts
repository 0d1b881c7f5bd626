/**
 * Programs that check the signatures of one request: its headers are in them, its body is read from a file and the
 * secret from the environment. Each prints a line a signature. Pure.
 */
import type { SentRequest } from "./curl.ts";

export const BODY_FILE = "body.json";
export const SECRET_VARIABLE = "POSTCALL_SECRET";

export interface SignedRequest {
  id: string;
  timestamp: string;
  /** One for each secret that was live, separated by spaces. */
  signatures: string;
  /** The older one, of the body alone, and the name of its header. */
  older: { name: string; value: string };
}

/** No character that means something within quotes, in any of the languages. */
const PLAIN = /^[\w.,+/=: -]+$/;

/** The signatures of a request; null if it has none, or what it has can't stand in a program. */
export function signedRequestOf({ headers }: Pick<SentRequest, "headers">): SignedRequest | null {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  // An endpoint may have another name for it. Its owner's headers are masked and look otherwise.
  const older = Object.entries(headers).find(([, value]) => /^[0-9a-f]{64}$/.test(value));
  if (id === undefined || timestamp === undefined || signatures === undefined || older === undefined)
    return null;
  const [name, value] = older;
  if (![id, timestamp, signatures, name].every((text) => PLAIN.test(text))) return null;
  return { id, timestamp, signatures, older: { name, value } };
}

export interface Snippet {
  language: string;
  file: string;
  run: string;
  code: (request: SignedRequest) => string;
}

export const SNIPPETS: readonly Snippet[] = [
  {
    language: "Node",
    file: "verify.mjs",
    run: "node verify.mjs",
    code: ({ id, timestamp, signatures, older }) => `import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

const body = readFileSync("${BODY_FILE}");
const secret = process.env.${SECRET_VARIABLE};

const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const start = "${id}.${timestamp}.";
const digest = createHmac("sha256", key).update(start).update(body).digest("base64");
const given = "${signatures}";
console.log("webhook-signature:", given.split(" ").includes("v1," + digest));

const older = createHmac("sha256", secret).update(body).digest("hex");
const olderGiven = "${older.value}";
console.log("${older.name}:", older === olderGiven);
`,
  },
  {
    language: "Python",
    file: "verify.py",
    run: "python3 verify.py",
    code: ({ id, timestamp, signatures, older }) => `import base64
import hmac
import os

with open("${BODY_FILE}", "rb") as file:
    body = file.read()
secret = os.environ["${SECRET_VARIABLE}"]

key = base64.b64decode(secret.replace("whsec_", "", 1))
start = b"${id}.${timestamp}."
digest = base64.b64encode(hmac.digest(key, start + body, "sha256")).decode()
given = "${signatures}"
print("webhook-signature:", "v1," + digest in given.split())

older = hmac.digest(secret.encode(), body, "sha256").hex()
older_given = "${older.value}"
print("${older.name}:", older == older_given)
`,
  },
  {
    language: "Go",
    file: "verify.go",
    run: "go run verify.go",
    code: ({ id, timestamp, signatures, older }) => `package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

func mac(key []byte, text string) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(text))
	return hash.Sum(nil)
}

func main() {
	body, err := os.ReadFile("${BODY_FILE}")
	if err != nil {
		panic(err)
	}
	secret := os.Getenv("${SECRET_VARIABLE}")

	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	start := "${id}.${timestamp}."
	digest := base64.StdEncoding.EncodeToString(mac(key, start+string(body)))
	given := " ${signatures} "
	fmt.Println("webhook-signature:", strings.Contains(given, " v1,"+digest+" "))

	older := hex.EncodeToString(mac([]byte(secret), string(body)))
	olderGiven := "${older.value}"
	fmt.Println("${older.name}:", older == olderGiven)
}
`,
  },
  {
    language: "Ruby",
    file: "verify.rb",
    run: "ruby verify.rb",
    code: ({ id, timestamp, signatures, older }) => `require "openssl"

body = File.binread("${BODY_FILE}")
secret = ENV.fetch("${SECRET_VARIABLE}")

key = secret.delete_prefix("whsec_").unpack1("m")
start = "${id}.${timestamp}."
digest = [OpenSSL::HMAC.digest("SHA256", key, start.b + body)].pack("m0")
given = "${signatures}"
puts "webhook-signature: #{given.split.include?("v1,#{digest}")}"

older = OpenSSL::HMAC.hexdigest("SHA256", secret, body)
older_given = "${older.value}"
puts "${older.name}: #{older == older_given}"
`,
  },
  {
    language: "PHP",
    file: "verify.php",
    run: "php verify.php",
    code: ({ id, timestamp, signatures, older }) => `<?php
$body = file_get_contents("${BODY_FILE}");
$secret = getenv("${SECRET_VARIABLE}");

$key = base64_decode(preg_replace("/^whsec_/", "", $secret));
$start = "${id}.${timestamp}.";
$digest = base64_encode(hash_hmac("sha256", $start . $body, $key, true));
$given = explode(" ", "${signatures}");
echo "webhook-signature: ", in_array("v1,$digest", $given, true) ? "true" : "false", "\\n";

$older = hash_hmac("sha256", $body, $secret);
$olderGiven = "${older.value}";
echo "${older.name}: ", $older === $olderGiven ? "true" : "false", "\\n";
`,
  },
  {
    language: "Java",
    file: "Verify.java",
    run: "java Verify.java",
    code: ({ id, timestamp, signatures, older }) => `import java.nio.file.*;
import java.util.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Verify {
    static byte[] mac(byte[] key, byte[]... parts) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        for (byte[] part : parts) mac.update(part);
        return mac.doFinal();
    }

    public static void main(String[] arguments) throws Exception {
        byte[] body = Files.readAllBytes(Path.of("${BODY_FILE}"));
        String secret = System.getenv("${SECRET_VARIABLE}");

        byte[] key = Base64.getDecoder().decode(secret.replaceFirst("^whsec_", ""));
        byte[] start = "${id}.${timestamp}.".getBytes();
        String digest = Base64.getEncoder().encodeToString(mac(key, start, body));
        List<String> given = List.of("${signatures}".split(" "));
        System.out.println("webhook-signature: " + given.contains("v1," + digest));

        String older = HexFormat.of().formatHex(mac(secret.getBytes(), body));
        String olderGiven = "${older.value}";
        System.out.println("${older.name}: " + older.equals(olderGiven));
    }
}
`,
  },
  {
    language: "Shell",
    file: "verify.sh",
    run: "sh verify.sh",
    code: ({
      id,
      timestamp,
      signatures,
      older,
    }) => `key=$(printf %s "\${${SECRET_VARIABLE}#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')
digest=$({ printf %s '${id}.${timestamp}.'; cat ${BODY_FILE}; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
case ' ${signatures} ' in
  *" v1,$digest "*) echo 'webhook-signature: true' ;;
  *) echo 'webhook-signature: false' ;;
esac

older=$(openssl dgst -sha256 -hmac "$${SECRET_VARIABLE}" -r ${BODY_FILE} | cut -d ' ' -f 1)
case $older in
  ${older.value}) echo '${older.name}: true' ;;
  *) echo '${older.name}: false' ;;
esac
`,
  },
];
