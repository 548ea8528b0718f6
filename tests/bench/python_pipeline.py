#!/usr/bin/python3
"""The baseline: a log pipeline in Python of the usual form, with Debian's pika and SQLAlchemy.

    python_pipeline.py declare          make exchange, queues and tables, empty
    python_pipeline.py publish LOG      one persistent message per line
    python_pipeline.py store lake|clean COUNT   take COUNT messages, then end

The last two say "ready" when they are connected; publish begins when it gets a line.

What is usual: one message per line to a durable topic exchange with two durable queues; per message a
SELECT by id, an INSERT when it is new, a COMMIT, then the acknowledgement. A prefetch of 100 and no
publisher confirms are kinder to it than the defaults. It has exchange, queues and tables of its own.
Broker and database come from PIPELINE_AMQP and PIPELINE_DATABASE (URLs).
"""
import datetime
import hashlib
import os
import re
import sys
from urllib.parse import urlsplit

import pika
import sqlalchemy
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Float, Integer, String, Text, Time
from sqlalchemy.orm import Session, declarative_base

EXCHANGE = "python-logs"
QUEUES = {"lake": "python-data-lake", "clean": "python-data-clean"}
LINE = re.compile(r'(\S+) (\S+) (.+?) \[([^\]]+)\] "(.*)" (\d{3}) (\d+|-)(?: -)?$')
STATUS = {200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
          400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
Base = declarative_base()


class RawLog(Base):
    __tablename__ = "raw_log"
    __table_args__ = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
    id = Column(String(32), primary_key=True)
    timestamp = Column(String(32))
    log = Column(Text)


class CleanLog(Base):
    __tablename__ = "clean_log"
    __table_args__ = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
    id = Column(String(32), primary_key=True)
    timestamp = Column(DateTime)
    year = Column(Integer)
    month = Column(String(9))
    day = Column(Integer)
    day_of_week = Column(String(9))
    time = Column(Time)
    ip = Column(String(255))
    country = Column(String(64))
    city = Column(String(128))
    session = Column(String(255))
    user = Column(String(255))
    is_email = Column(Boolean)
    email_domain = Column(String(253))
    rest_method = Column(String(64))
    url = Column(Text)
    schema = Column(String(64))
    host = Column(String(255))
    rest_version = Column(String(32))
    status = Column(Integer)
    status_verbose = Column(String(64))
    size_bytes = Column(BigInteger)
    size_kilo_bytes = Column(Float)
    size_mega_bytes = Column(Float)


def line_time(line):
    found = re.search(r"\[([^\]]+)\]", line)
    return datetime.datetime.strptime(found.group(1), "%d/%b/%Y:%H:%M:%S %z") if found else None


def raw_row(key, line):
    time = line_time(line)
    return RawLog(id=key, timestamp=time.isoformat() if time else None, log=line)


def clean_row(key, line):
    fields = LINE.match(line)
    if fields is None:
        return None
    ip, session, user, _, request, status, size = fields.groups()
    time = line_time(line).astimezone(datetime.timezone.utc)
    parts = request.split(" ")
    method, url, version = parts if len(parts) == 3 else (None, None, None)
    target = urlsplit(url) if url else None
    size = int(size) if size != "-" else None
    return CleanLog(
        id=key, timestamp=time.replace(tzinfo=None), year=time.year, month=time.strftime("%B"), day=time.day,
        day_of_week=time.strftime("%A"), time=time.time(), ip=ip, session=session, user=user if user != "-" else None,
        is_email="@" in user, email_domain=user.partition("@")[2] or None, rest_method=method, url=url,
        schema=target.scheme if target else None, host=target.hostname if target else None, rest_version=version,
        status=int(status), status_verbose=STATUS.get(int(status), "Invalid status"), size_bytes=size,
        size_kilo_bytes=size / 1024 if size is not None else None,
        size_mega_bytes=size / 1048576 if size is not None else None)


def open_channel():
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["PIPELINE_AMQP"]))
    return connection, connection.channel()


def open_database():
    return sqlalchemy.create_engine(os.environ["PIPELINE_DATABASE"])


def declare():
    connection, channel = open_channel()
    channel.exchange_declare(EXCHANGE, "topic", durable=True)
    for queue in QUEUES.values():
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, EXCHANGE, "logs")
        channel.queue_purge(queue)
    connection.close()
    engine = open_database()
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)


def publish(path):
    connection, channel = open_channel()
    properties = pika.BasicProperties(delivery_mode=2, content_type="text/plain")
    print("ready", flush=True)
    sys.stdin.readline()
    with open(path, "rb") as log:
        for line in log:
            channel.basic_publish(EXCHANGE, "logs", line.rstrip(b"\n"), properties)
    connection.close()


def store(role, count):
    table, make_row = {"lake": (RawLog, raw_row), "clean": (CleanLog, clean_row)}[role]
    connection, channel = open_channel()
    engine = open_database()
    left = count

    def take(channel, method, _, body):
        nonlocal left
        key = hashlib.md5(body).hexdigest()
        with Session(engine) as session:
            if session.get(table, key) is None:
                row = make_row(key, body.decode("utf-8", "backslashreplace"))
                if row is not None:
                    session.add(row)
            session.commit()
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if left == 0:
            channel.stop_consuming()

    channel.basic_qos(prefetch_count=100)
    channel.basic_consume(QUEUES[role], take)
    print("ready", flush=True)
    channel.start_consuming()
    connection.close()


if __name__ == "__main__":
    if sys.argv[1] == "declare":
        declare()
    elif sys.argv[1] == "publish":
        publish(sys.argv[2])
    else:
        store(sys.argv[2], int(sys.argv[3]))
