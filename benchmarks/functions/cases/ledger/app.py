"""Keeps accounts in SQLite through SQLAlchemy."""

import decimal
import tempfile
from pathlib import Path

from sqlalchemy import ForeignKey, Numeric, create_engine, event as on, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

engine = create_engine(f"sqlite:///{Path(tempfile.gettempdir(), 'ledger.db')}")


@on.listens_for(engine, "connect")
def enforce(connection, _):
    connection.execute("PRAGMA foreign_keys=ON")


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"
    name: Mapped[str] = mapped_column(primary_key=True)
    entries: Mapped[list["Entry"]] = relationship(back_populates="account", order_by="Entry.id")


class Entry(Base):
    __tablename__ = "entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_name: Mapped[str] = mapped_column(ForeignKey("account.name"))
    amount: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    account: Mapped[Account] = relationship(back_populates="entries")


def handler(event, context):
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    try:
        with Session(engine) as session:
            session.add_all(Account(name=name) for name in event["accounts"])
            session.flush()
            session.add_all(Entry(account_name=name, amount=decimal.Decimal(amount)) for name, amount in event["entries"])
            session.commit()
            sums = select(Account.name, func.coalesce(func.sum(Entry.amount), 0)).outerjoin(Entry).group_by(Account.name).order_by(Account.name)
            return {"sums": {name: str(total) for name, total in session.execute(sums)}, "sql": str(sums),
                    "first": [str(entry.amount) for entry in session.get(Account, event["accounts"][0]).entries]}
    except IntegrityError as error:
        return {"error": str(error.orig)}
