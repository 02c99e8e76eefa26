"""Reads logowatch's appearances from Kafka and prints the last revision of each as a line of JSON.

Ends when it has read what is there; with --follow it prints each revision as it comes. The lines are those that
logowatch's own jsonl sink writes. Reads with and without a schema registry:

  pip install -r requirements.txt
  python read_appearances.py --brokers localhost:9092 --schemas ../../schemas
  python read_appearances.py --brokers localhost:9092 --schemas ../../schemas --registry http://localhost:8081
"""

import argparse
import io
import json
import struct
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form

SINGLE_OBJECT = b"\xc3\x01"
FINGERPRINT_BYTES = 8
CONFLUENT = b"\x00"


class SingleObjectSchemas:
    """Writers' schemas by their fingerprint (Avro's single-object encoding): those of the schemas/ folder, past ones too."""

    def __init__(self, folder):
        self._known = {}
        for file in [*folder.glob("*.avsc"), *folder.glob("history/*.avsc")]:
            schema = json.loads(file.read_text())
            name = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
            self._known[bytes.fromhex(name)] = parse_schema(schema)

    def open(self, message):
        end = len(SINGLE_OBJECT) + FINGERPRINT_BYTES
        if not message.startswith(SINGLE_OBJECT):
            raise ValueError("no single-object encoding; is there a registry?")
        writer = self._known.get(message[len(SINGLE_OBJECT) : end])
        if writer is None:
            raise ValueError("a newer schema than those here: update schemas/")
        return writer, message[end:]


class RegistrySchemas:
    """Writers' schemas by their id in a registry (Confluent's wire format), each asked for once."""

    def __init__(self, url):
        self._url = url.rstrip("/")
        self._known = {}

    def open(self, message):
        if not message.startswith(CONFLUENT):
            raise ValueError("not Confluent's wire format; was it written without a registry?")
        (schema_id,) = struct.unpack(">i", message[1:5])
        if schema_id not in self._known:
            with urllib.request.urlopen(f"{self._url}/schemas/ids/{schema_id}", timeout=10) as answer:
                self._known[schema_id] = parse_schema(json.loads(json.load(answer)["schema"]))
        return self._known[schema_id], message[5:]


def as_event(record):
    """The JSON form: symbols with hyphens, boxes as [x, y, width, height], times in ISO 8601 with milliseconds."""

    def form(value):
        if isinstance(value, datetime):
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if isinstance(value, dict):
            return [value[side] for side in ("x", "y", "width", "height")]
        return value

    event = {key: form(value) for key, value in record.items()}
    for key in ("clock", "endReason"):
        if event[key] is not None:
            event[key] = event[key].replace("_", "-")
    return event


def events(options):
    """Every event of the topic, in the order of each stream; ends at the end unless it is to follow."""
    schemas = RegistrySchemas(options.registry) if options.registry else SingleObjectSchemas(options.schemas)
    reader = parse_schema(json.loads((options.schemas / "appearance.avsc").read_text()))
    consumer = Consumer(
        {
            **client_properties(options.client_config),
            "bootstrap.servers": options.brokers,
            "group.id": "logowatch-example",
            # Only what is committed: revisions of a transaction that was rolled back were never said.
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        topic = consumer.list_topics(options.topic, timeout=10).topics[options.topic]
        if topic.error is not None:
            raise KafkaException(topic.error)
        reading = set(topic.partitions)
        consumer.assign([TopicPartition(options.topic, p, OFFSET_BEGINNING) for p in reading])
        while reading or options.follow:
            message = consumer.poll(1.0)
            if message is None:
                continue
            if message.error() is not None:
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(message.error())
                reading.discard(message.partition())
                continue
            # A mark of logowatch's own.
            if message.value() is None:
                continue
            writer, body = schemas.open(message.value())
            yield as_event(schemaless_reader(io.BytesIO(body), writer, reader))
    finally:
        consumer.close()


def client_properties(path):
    """librdkafka's settings, key=value a line: TLS and SASL, so that no password stands on the command line."""
    lines = path.read_text().splitlines() if path else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True, help="host:port, comma-separated")
    parser.add_argument("--topic", default="logowatch.appearances")
    parser.add_argument("--schemas", type=Path, required=True, help="logowatch's folder schemas/")
    parser.add_argument("--registry", help="address of the schema registry; left out: single-object encoding")
    parser.add_argument("--client-config", type=Path, help="file of librdkafka settings, for TLS and SASL")
    parser.add_argument("--follow", action="store_true", help="print each revision as it comes, without end")
    options = parser.parse_args()
    last = {}
    try:
        for event in events(options):
            if options.follow:
                print(json.dumps(event), flush=True)
            elif event["id"] not in last or event["revision"] > last[event["id"]]["revision"]:
                last[event["id"]] = event
    except (KafkaException, OSError, ValueError) as error:
        sys.exit(f"read_appearances: {error}")
    except KeyboardInterrupt:
        pass
    for event in last.values():
        print(json.dumps(event))


if __name__ == "__main__":
    main()
