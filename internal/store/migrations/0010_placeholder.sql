-- Nothing: number 0010 is taken elsewhere.
SELECT 1;
