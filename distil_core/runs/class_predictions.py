"""What the visitors of a class predicted in lessons: each of them once a question, counted where runs are kept."""

import secrets
import time
from pathlib import Path

from distil_core.runs.database import Database
from distil_core.runs.folder import StoreFolder

MOST_CLASSES, MOST_VISITORS, MOST_QUESTIONS = 100, 500, 60
"""Classes that are kept, the oldest goes first; visitors that are counted a question; questions of a class."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 6


class ClassPredictions:
    """The predictions of all classes of one run store."""

    def __init__(self, folder: Path) -> None:
        """Open those of the store in a folder.

        Raises:
            StoreError: If it cannot be used.
        """
        self._database = Database(StoreFolder(path=folder).database)

    def open_class(self) -> str:
        """Begin a class, and return its code, which nobody guesses; the oldest of too many are forgotten."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        with self._database.transaction() as db:
            db.execute("INSERT INTO classes (code, created) VALUES (?, ?)", (code, time.time()))
            db.execute(
                """DELETE FROM classes WHERE code NOT IN (
                    SELECT code FROM classes ORDER BY created DESC, rowid DESC LIMIT ?)""",
                (MOST_CLASSES,),
            )
        return code

    def known(self, code: str) -> bool:
        """Tell whether there is a class of a code."""
        with self._database.connection() as db:
            return db.execute("SELECT 1 FROM classes WHERE code = ?", (code,)).fetchone() is not None

    def note(self, code: str, question: str, visitor: str, answer: float) -> bool:
        """Count what a visitor predicts; False where that is not counted.

        That is so of a class that is not there, of whoever has answered this question before, and beyond the bounds.

        Args:
            code: Of the class.
            question: Name of the question.
            visitor: A name of who answers.
            answer: Index of an option, or a number.
        """
        with self._database.connection() as db:
            cursor = db.execute(
                """INSERT OR IGNORE INTO predictions (class, question, visitor, answer)
                SELECT code, :question, :visitor, :answer FROM classes WHERE code = :code
                AND (SELECT count(*) FROM predictions WHERE class = :code AND question = :question) < :visitors
                AND (SELECT count(DISTINCT question) FROM predictions WHERE class = :code AND question <> :question)
                    < :questions""",
                {
                    "code": code,
                    "question": question,
                    "visitor": visitor,
                    "answer": answer,
                    "visitors": MOST_VISITORS,
                    "questions": MOST_QUESTIONS,
                },
            )
            return cursor.rowcount == 1

    def answers(self, code: str, question: str) -> tuple[float, ...]:
        """Return what the visitors of a class answered to a question, in ascending order."""
        with self._database.connection() as db:
            rows = db.execute(
                "SELECT answer FROM predictions WHERE class = ? AND question = ? ORDER BY answer", (code, question)
            ).fetchall()
        return tuple(float(answer) for (answer,) in rows)

    def n_visitors(self, code: str) -> int:
        """Return how many visitors of a class have answered anything."""
        with self._database.connection() as db:
            (n,) = db.execute("SELECT count(DISTINCT visitor) FROM predictions WHERE class = ?", (code,)).fetchone()
        return int(n)
