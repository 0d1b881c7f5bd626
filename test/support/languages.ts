/**
 * The languages in which the guide for receivers has code, and for each a program that runs it: it reads requests from
 * its input, a line each, and prints whether the guide's code takes them for genuine.
 */

export interface Language {
  name: string;
  /** Exits with 0 where the language is there. */
  probe: [string, ...string[]];
  /** The guide's file. */
  file: string;
  /** Reads lines of base64 `body id timestamp signatures secret`, `-` for none; prints whether each is genuine. */
  driver: [name: string, code: string];
  /** Run once, in the folder. */
  compile?: [string, ...string[]];
  run: [string, ...string[]];
}

export const LANGUAGES: Language[] = [
  {
    name: "Node",
    probe: [process.execPath, "--version"],
    file: "verify.mjs",
    driver: [
      "driver.mjs",
      `import { createInterface } from "node:readline";
import { verifyWebhook } from "./verify.mjs";
const text = (field) => (field === "-" ? undefined : Buffer.from(field, "base64").toString());
for await (const line of createInterface({ input: process.stdin })) {
  const [body, ...fields] = line.split(" ");
  const [id, timestamp, signatures, secret] = fields.map(text);
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures };
  console.log(verifyWebhook(Buffer.from(body, "base64"), headers, secret));
}`,
    ],
    run: [process.execPath, "driver.mjs"],
  },
  {
    name: "Python",
    probe: ["python3", "-c", "str.removeprefix"],
    file: "verify.py",
    driver: [
      "driver.py",
      `import base64, sys
from verify import verify_webhook
for line in sys.stdin:
    body, *fields = line.rstrip("\\n").split(" ")
    texts = [None if field == "-" else base64.b64decode(field).decode() for field in fields]
    names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
    headers = {name: text for name, text in zip(names, texts) if text is not None}
    print("true" if verify_webhook(base64.b64decode(body), headers, texts[3]) else "false")`,
    ],
    run: ["python3", "driver.py"],
  },
  {
    name: "Go",
    probe: ["go", "version"],
    file: "verify.go",
    driver: [
      "driver.go",
      `package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), " ")
		decoded := make([][]byte, len(fields))
		headers := http.Header{}
		for index, field := range fields {
			decoded[index], _ = base64.StdEncoding.DecodeString(field)
			name := []string{"", "webhook-id", "webhook-timestamp", "webhook-signature", ""}[index]
			if name != "" && field != "-" {
				headers.Set(name, string(decoded[index]))
			}
		}
		fmt.Println(VerifyWebhook(decoded[0], headers, string(decoded[4])))
	}
}`,
    ],
    compile: ["go", "build", "-o", "verify-go", "verify.go", "driver.go"],
    run: ["./verify-go"],
  },
  {
    name: "Ruby",
    probe: ["ruby", "--version"],
    file: "verify.rb",
    driver: [
      "driver.rb",
      `require_relative "verify"
NAMES = %w[webhook-id webhook-timestamp webhook-signature]
STDIN.each_line do |line|
  body, *fields = line.chomp.split(" ")
  texts = fields.map { |field| field == "-" ? nil : field.unpack1("m") }
  puts verify_webhook(body.unpack1("m"), NAMES.zip(texts).to_h.compact, texts[3])
end`,
    ],
    run: ["ruby", "driver.rb"],
  },
  {
    name: "PHP",
    probe: ["php", "--version"],
    file: "verify.php",
    driver: [
      "driver.php",
      `<?php
require "verify.php";
while (($line = fgets(STDIN)) !== false) {
    $fields = explode(" ", rtrim($line, "\\n"));
    $texts = array_map(fn ($field) => $field === "-" ? null : base64_decode($field), $fields);
    $names = ["webhook-id" => 1, "webhook-timestamp" => 2, "webhook-signature" => 3];
    $headers = array_filter(array_map(fn ($index) => $texts[$index], $names), fn ($text) => $text !== null);
    echo verify_webhook($texts[0], $headers, $texts[4]) ? "true" : "false", "\\n";
}`,
    ],
    run: ["php", "driver.php"],
  },
  {
    name: "Java",
    probe: ["javac", "-version"],
    file: "Verify.java",
    driver: [
      "Driver.java",
      `import java.io.*;
import java.util.*;

final class Driver {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        String[] names = {"", "webhook-id", "webhook-timestamp", "webhook-signature", "secret"};
        for (String line; (line = lines.readLine()) != null; ) {
            String[] fields = line.split(" ");
            Map<String, String> headers = new HashMap<>();
            for (int index = 1; index < fields.length; index++)
                if (!fields[index].equals("-"))
                    headers.put(names[index], new String(Base64.getDecoder().decode(fields[index])));
            System.out.println(Verify.isPostcalls(Base64.getDecoder().decode(fields[0]), headers, headers.get("secret")));
        }
    }
}`,
    ],
    compile: ["javac", "Verify.java", "Driver.java"],
    run: ["java", "-cp", ".", "Driver"],
  },
];
